import Metrics
import Stores
import Synchronization

/// The producer that callers see: a session of librdkafka's, replaced when it had a fatal error.
///
/// librdkafka 2.0.2's idempotent producer can go fatal after time-outs and then takes nothing more; those who
/// wait get a transient error, and the next call a new producer.
final class Producer: Sendable {
    private enum State {
        case idle
        case open(ProducerSession)
        case closed
    }

    private let factory: ClientFactory
    private let metrics: KafkaMetrics
    private let state = Mutex(State.idle)

    init(_ factory: ClientFactory, _ metrics: KafkaMetrics) { (self.factory, self.metrics) = (factory, metrics) }

    deinit { if case .open(let session) = state.withLock({ $0 }) { session.abandon() } }

    /// Appends all records; see `EventLog.produce`.
    func produce(_ batch: RecordBatch, to topic: Topic) async throws -> [LogOffset] {
        let session = try self.session()
        return try await withCheckedThrowingContinuation { continuation in
            session.enqueue(batch, to: topic, ProduceRequest(count: batch.count, continuation))
        }
    }

    /// Waits for what is under way at most so long, and takes no more.
    func close(within limit: Duration) async {
        let session: ProducerSession? = state.withLock { state in
            defer { state = .closed }
            if case .open(let session) = state { return session }
            return nil
        }
        await session?.end(within: limit)
    }

    private func session() throws -> ProducerSession {
        try state.withLock { state in
            switch state {
            case .closed: throw EventLogError.closed
            case .open(let session) where session.isRunning: return session
            case .open:
                metrics.replaced.increment()
                fallthrough
            case .idle:
                let session = try ProducerSession(factory.producer(), capacity: factory.queueCapacity, metrics: metrics)
                state = .open(session)
                return session
            }
        }
    }
}

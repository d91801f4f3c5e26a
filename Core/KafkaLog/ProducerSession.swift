import CRDKafka
import Foundation
import Metrics
import Stores
import Synchronization

/// One librdkafka producer, from its creation to its fatal error or its end, and the thread that takes its
/// delivery reports.
final class ProducerSession: @unchecked Sendable {  // its C handles may be used from any thread
    private struct State {
        var phase = Phase.running
        var topics: [Topic: OpaquePointer] = [:]
        /// Callers inside `enqueue`: the client may not go before they have left.
        var enqueuing = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private enum Phase {
        case running
        /// No more records are taken; those under way may still be acknowledged until then.
        case draining(until: ContinuousClock.Instant)
        case ended
    }

    private let client: Client
    private let queue: EventQueue
    private let capacity: Int32
    private let metrics: KafkaMetrics
    private let state = Mutex(State())

    /// - Parameter capacity: the number of records that librdkafka lets wait for their reports.
    init(_ client: Client, capacity: Int32, metrics: KafkaMetrics) {
        (self.client, self.capacity, self.metrics) = (client, capacity, metrics)
        queue = EventQueue(client, rd_kafka_queue_get_main(client.pointer))
        let thread = Thread { [self] in run() }
        thread.name = "kafka-producer"
        thread.start()
    }

    /// Whether records are still taken; after a fatal error or `end`, another session is needed.
    var isRunning: Bool {
        state.withLock { state in
            guard case .running = state.phase else { return false }
            // The event that tells of it may still be on its way.
            let isFatal = rd_kafka_fatal_error(client.pointer, nil, 0) != RD_KAFKA_RESP_ERR_NO_ERROR
            if isFatal { state.phase = .draining(until: .now) }
            return !isFatal
        }
    }

    /// Takes no more records, waits for those under way until the limit, fails the rest and lets go of everything.
    func end(within limit: Duration) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if case .ended = state.phase { return true }
                if case .running = state.phase { state.phase = .draining(until: .now + limit) }
                state.waiting.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// As `end`, without waiting for anything.
    func abandon() { condemn() }

    /// Hands all records to librdkafka, which copies them. Never waits.
    func enqueue(_ batch: RecordBatch, to topic: Topic, _ request: ProduceRequest) {
        var done = 0
        do {
            let handle = try enter(topic)
            defer { state.withLock { $0.enqueuing -= 1 } }
            // Refused as a whole while nothing is enqueued yet: a part of it would come twice with the repetition.
            let length = rd_kafka_outq_len(client.pointer)
            if length > 0, Int(length) + batch.count > Int(capacity) {
                throw EventLogError(.queueFull, "\(length) records await their acknowledgement")
            }
            try batch.bytes.withUnsafeBytes { bytes in
                for index in batch.records.indices {
                    try enqueue(batch, index, bytes, handle, request.opaque(at: index))
                    done += 1
                }
            }
            request.finishEnqueuing(at: done, nil)
        } catch {
            request.finishEnqueuing(at: done, error as? EventLogError ?? .closed)
        }
    }

    private func enqueue(
        _ batch: RecordBatch, _ index: Int, _ bytes: UnsafeRawBufferPointer, _ topic: OpaquePointer,
        _ opaque: UnsafeMutableRawPointer
    ) throws(EventLogError) {
        let record = batch.records[index]
        let headers = batch.headers[record.headers].makeHeaders(in: bytes)
        let value = UnsafeRawBufferPointer(rebasing: bytes[record.value])
        let key = record.key.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
        let code = crdkafka_produce(
            client.pointer, topic, record.partition, key.map(start), key?.count ?? 0, start(value), value.count,
            record.timestamp, headers, opaque)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        if let headers { rd_kafka_headers_destroy(headers) }
        if code == RD_KAFKA_RESP_ERR__FATAL { condemn() }
        throw EventLogError(code, "record \(index) of \(batch.count) was not taken")
    }

    private func enter(_ topic: Topic) throws(EventLogError) -> OpaquePointer {
        try state.withLock { state throws(EventLogError) in
            guard case .running = state.phase else { throw .ended }
            guard let handle = state.topics[topic] ?? rd_kafka_topic_new(client.pointer, topic.rawValue, nil) else {
                throw EventLogError(rd_kafka_last_error(), "topic \(topic.rawValue)")
            }
            state.topics[topic] = handle
            state.enqueuing += 1
            return handle
        }
    }
}

/// The poll thread.
extension ProducerSession {
    private func run() {
        while serve(milliseconds: 100) {}
        let waiting = state.withLock { state in
            state.topics.values.forEach(rd_kafka_topic_destroy)
            state.topics = [:]
            state.phase = .ended
            return exchange(&state.waiting, [])
        }
        queue.destroy(within: .seconds(1))
        waiting.forEach { $0.resume() }
    }

    /// Takes one event; false when the session is over and nothing is under way any more.
    private func serve(milliseconds: Int32) -> Bool {
        if let event = rd_kafka_queue_poll(queue.pointer, milliseconds) {
            take(event)
            rd_kafka_event_destroy(event)
        }
        // In this order: who leaves in between has had its records counted.
        let (phase, enqueuing) = state.withLock { ($0.phase, $0.enqueuing) }
        let length = rd_kafka_outq_len(client.pointer)
        metrics.queue.record(Int64(length))
        guard case .draining(let deadline) = phase else { return true }
        if length > 0, .now >= deadline {
            rd_kafka_purge(client.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        }
        return length > 0 || enqueuing > 0
    }

    private func take(_ event: OpaquePointer) {
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_DR:
            while let message = rd_kafka_event_message_next(event) { ProduceRequest.report(message.pointee) }
        case RD_KAFKA_EVENT_ERROR where rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__FATAL: condemn()
        default: break  // librdkafka tries again, and has logged it
        }
    }

    /// librdkafka takes nothing more and acknowledges nothing more: those who wait are answered now.
    private func condemn() {
        state.withLock { state in
            if case .running = state.phase { state.phase = .draining(until: .now) }
        }
    }
}

extension EventLogError {
    /// The producer had a fatal error or is being closed: another one takes its place.
    static let ended = EventLogError(.unreachable, "the producer is being replaced")
}

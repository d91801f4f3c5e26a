import Events
public import Logging
public import Operations
public import ServiceLifecycle
public import Stores
import Synchronization

/// What is recorded of rejected events at most.
public struct RejectedEventsLimits: Sendable {
    /// Events a second, in the long run.
    public var rate = 100
    /// Events at once.
    public var burst = 200
    /// Bytes that wait to be written or are being written.
    public var queueSize = 4 << 20

    /// The defaults.
    public init() {}
}

/// Carries rejected events to the dead-letter topic, for whoever wants to know what clients get wrong.
///
/// An answer never waits for it: what is too much, or cannot be written, is dropped and counted.
public final class RejectedEvents: Service {
    private struct State {
        var queue = RejectedEventsQueue()
        var bucket = TokenBucket()
    }

    private let log: any EventLog
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let clock: @Sendable () -> Int64
    private let rule: BucketRule
    private let queueSize: Int
    private let state = Mutex(State())
    private let telemetry = RejectedEventsTelemetry()
    private let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Writes to this log.
    /// - Parameters:
    ///   - now: the clock, milliseconds since 1970.
    ///   - clock: one that is never set, in nanoseconds, for the rate.
    public init(
        log: any EventLog, limits: RejectedEventsLimits = RejectedEventsLimits(), logger: Logger,
        now: @escaping @Sendable () -> Int64, clock: @escaping @Sendable () -> Int64 = steadyNanoseconds
    ) {
        (self.log, self.logger, self.now, self.clock) = (log, logger, now, clock)
        (rule, queueSize) = (BucketRule(perSecond: limits.rate, burst: limits.burst), limits.queueSize)
    }

    /// Takes the rejected events of an answered request, as far as the limits allow; not those that the client is to
    /// send again.
    func offer(_ request: EventRequest, _ facts: RequestFacts) {
        let rejected = request.items.filter { $0.violation.map { !$0.code.isTemporary } ?? false }
        guard !rejected.isEmpty else { return }
        let failedAt = now()
        let granted = state.withLock { $0.bucket.take(upTo: rejected.count, at: clock(), by: rule) }
        let letters = rejected.prefix(granted).compactMap {
            CollectDeadLetter($0, of: request, facts, failedAt: failedAt)
        }
        let (queued, size) = state.withLock { state in
            let queued = letters.prefix { state.queue.append($0, limit: queueSize) }.count
            return (queued, state.queue.size)
        }
        telemetry.count(.limited, rejected.count - granted)
        telemetry.count(.queueFull, letters.count - queued)
        telemetry.set(waiting: size)
        if queued > 0 { wake.yield() }
    }

    /// Writes until the shutdown begins, and then once more.
    public func run() async throws {
        for await _ in wakes.cancelOnGracefulShutdown() { await drain() }
        await drain()
        wake.finish()
    }

    private func drain() async {
        while case let letters = state.withLock({ $0.queue.take() }), !letters.isEmpty {
            await write(letters)
            telemetry.set(
                waiting: state.withLock { state in
                    state.queue.release(letters)
                    return state.queue.size
                })
        }
    }

    /// Repeats until it is written, is found to be unwritable, or the process ends.
    private func write(_ letters: [CollectDeadLetter]) async {
        var backoff = Backoff()
        while true {
            let isLast = Task.isCancelled || Task.isShuttingDownGracefully
            do {
                var batch = RecordBatch()
                for letter in letters { letter.append(to: &batch) }
                _ = try await log.produce(batch, to: .deadLetters)
                return telemetry.count(.written, letters.count)
            } catch {
                let isHopeless =
                    (error as? EventLogError).map { [.messageTooLarge, .closed].contains($0.code) } ?? false
                guard !isLast, !isHopeless else {
                    logger.warning(
                        "rejected events could not be recorded",
                        metadata: ["count": "\(letters.count)", "error": "\(error)"])
                    return telemetry.count(.failed, letters.count)
                }
                logger.debug("rejected events wait", metadata: ["error": "\(error)"])
            }
            let wait = backoff.next()
            _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: wait) }
        }
    }
}

/// Dead letters in order of arrival, within a number of bytes.
private struct RejectedEventsQueue {
    /// Letters of one write.
    private static let batch = 500
    private var waiting: [CollectDeadLetter] = []
    /// Bytes of those that wait and of those that are being written.
    private(set) var size = 0

    /// Adds one, unless the queue is full.
    mutating func append(_ letter: CollectDeadLetter, limit: Int) -> Bool {
        guard size + letter.size <= limit else { return false }
        size += letter.size
        waiting.append(letter)
        return true
    }

    mutating func take() -> [CollectDeadLetter] {
        let taken = Array(waiting.prefix(Self.batch))
        waiting.removeFirst(taken.count)
        return taken
    }

    mutating func release(_ letters: [CollectDeadLetter]) { size -= letters.reduce(0) { $0 + $1.size } }
}

import Foundation
import NIOCore
import Synchronization
import Traffic

/// Gives out a generator's events in batches, each with the time at which it is to be sent.
final class TrafficFeed: Sendable {
    /// How fast, in what portions, how long.
    struct Schedule {
        var rate: Rate
        /// Events of a request, at most.
        var batch: Int
        var duration: Duration?
        /// The share of requests that are sent twice.
        var retryShare: Double
        /// The wall clock's time when sending begins, milliseconds since 1970: live events are stamped by it.
        var wallStart: Int64
    }

    /// Events to be sent in one request.
    struct Batch: Sendable {
        var body: ByteBuffer
        var events: [TrafficEvent]
        /// When to send it; `nil`: at once.
        var due: ContinuousClock.Instant?
        /// Whether all of it was sent before.
        var isResent = false
    }

    private struct State {
        var generator: TrafficGenerator
        var given = 0
        var requests = 0
        /// A batch that is to be sent once more, next.
        var again: Batch?
        /// The size of the last body: what to make room for.
        var size = 1 << 16
    }

    private let isLive: Bool
    private let schedule: Schedule
    private let batch: Int
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    init(_ plan: TrafficPlan, limit: Int?, schedule: Schedule) {
        if case .live = plan.span { isLive = true } else { isLive = false }
        self.schedule = schedule
        batch = schedule.rate.eventsPerSecond.map { min(schedule.batch, max(1, Int($0 / 20))) } ?? schedule.batch
        state = Mutex(State(generator: TrafficGenerator(plan, limit: limit)))
    }

    /// Whether latencies count from the intended time: what was not sent in time because the collector was slow
    /// would else hide how slow it was.
    var isPaced: Bool { schedule.rate != .max }

    /// The next batch; `nil` after the last.
    func next() -> Batch? {
        state.withLock { state in
            if let again = state.again.take() { return again }
            if isOver(state) { state.generator.stop() }
            guard var batch = fill(&state) else { return nil }
            state.requests += 1
            if isRetried(state.requests) {
                state.again = batch
                state.again?.isResent = true
            }
            batch.due = isPaced ? start + elapsed(state.given - 1) : nil
            return batch
        }
    }

    private func fill(_ state: inout State) -> Batch? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(state.size)
        var events: [TrafficEvent] = []
        events.reserveCapacity(batch)
        while events.count < batch {
            bytes.append(UInt8(ascii: events.isEmpty ? "[" : ","))
            guard let event = state.generator.next(into: &bytes, at: stamp(state)) else {
                bytes.removeLast()
                break
            }
            events.append(event)
            state.given += 1
        }
        guard !events.isEmpty else { return nil }
        bytes.append(UInt8(ascii: "]"))
        state.size = max(state.size, bytes.count + bytes.count / 8)
        return Batch(body: ByteBuffer(bytes: bytes), events: events)
    }

    /// Live events happen when they are to be sent.
    private func stamp(_ state: State) -> Int64? {
        guard isLive else { return nil }
        guard isPaced else { return currentMilliseconds() }
        return schedule.wallStart + elapsed(state.given) / .milliseconds(1)
    }

    private func elapsed(_ events: Int) -> Duration {
        .seconds(Double(events) / (schedule.rate.eventsPerSecond ?? 1))
    }

    private func isOver(_ state: State) -> Bool {
        guard let duration = schedule.duration else { return false }
        return (isPaced ? elapsed(state.given) : .now - start) >= duration
    }

    /// Evenly spread: with 0.25 each fourth.
    private func isRetried(_ request: Int) -> Bool {
        Int(Double(request) * schedule.retryShare) > Int(Double(request - 1) * schedule.retryShare)
    }
}

extension Duration {
    /// How often one length of time goes into another, rounded down.
    fileprivate static func / (left: Duration, right: Duration) -> Int64 { Int64((left / right) as Double) }
}

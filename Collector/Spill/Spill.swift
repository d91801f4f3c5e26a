import Logging
import Metrics
import Stores
import Synchronization

/// The collector's spill: takes events durably while the log does not, and gives them to the log, in order, when it
/// does again.
///
/// Events of one user are in one lane, and while a lane has events in the spill its new ones follow them there: so each
/// user's order is kept. An event may reach the log twice, where the log took it and did not say so, or where the
/// process died between the log's acknowledgement and the trim; its identity makes that harmless.
public final class Spill: Sendable {
    /// Set aside: spilled records that the log refuses for good. `tributary spill drain` tries them again.
    static let refused = Topic(rawValue: "user-events.refused")
    /// Bytes of a record, at most: what Kafka's clients take unless told otherwise.
    static let maximumRecordSize = 1_000_000
    /// How long a request waits at most for lanes that are about to be drained before it spills all the same.
    static let patience = Duration.seconds(5)

    let log: any EventLog
    let store: any TrimmableEventLog
    /// Whether the disk may take more.
    let hasRoom: @Sendable () async -> Bool
    let logger: Logger
    let metrics = SpillMetrics()
    /// Yields when there may be work.
    let news: AsyncStream<Void>
    private let newsSource: AsyncStream<Void>.Continuation
    private let guarded: Mutex<Guarded>
    let laneCount: Int

    private struct Guarded {
        var state: SpillState
        var waiting: [Int: [CheckedContinuation<Void, Never>]] = [:]
    }

    init(
        log: any EventLog, store: any TrimmableEventLog, state: SpillState, logger: Logger,
        hasRoom: @escaping @Sendable () async -> Bool
    ) {
        (self.log, self.store, self.logger, laneCount) = (log, store, logger, state.lanes.count)
        self.hasRoom = hasRoom
        guarded = Mutex(Guarded(state: state))
        (news, newsSource) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// The state now.
    var state: SpillState { guarded.withLock { $0.state } }

    /// Changes the state, and wakes those who wait for a change of these lanes.
    @discardableResult
    func change<Value>(_ lanes: some Sequence<Int>, _ body: (inout SpillState) -> Value) -> Value {
        let (value, woken) = guarded.withLock { guarded in
            let value = body(&guarded.state)
            return (value, lanes.flatMap { guarded.waiting.removeValue(forKey: $0) ?? [] })
        }
        for continuation in woken { continuation.resume() }
        return value
    }

    /// Waits until the lane changes, as long as the condition holds.
    func wait(for lane: Int, while condition: (SpillLane) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isOver = guarded.withLock { guarded in
                guard condition(guarded.state.lanes[lane]) else { return true }
                guarded.waiting[lane, default: []].append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    func announceWork() { newsSource.yield() }
}

/// Appending.
extension Spill {
    /// Appends all records, each to the log or to the spill, and waits until every one is durable.
    /// - Returns: the indices of the records that are in the spill.
    /// - Throws: `EventLogError` if any record is durable in neither; others may be, so the caller repeats all.
    func append(_ batch: RecordBatch) async throws -> [Int] {
        let lanes = batch.lanes(of: laneCount)
        var spilling = await route(Set(lanes))
        let direct = lanes.indices.filter { !spilling.contains(lanes[$0]) }
        if !direct.isEmpty {
            do {
                let records = direct.count == batch.count ? batch : batch.selecting(direct)
                _ = try await log.produce(records, to: .userEvents)
            } catch let error as EventLogError where error.isOutage {
                let failed = Set(direct.map { lanes[$0] })
                logFailed(failed, error)
                spilling.formUnion(failed)
            } catch {
                change(spilling) { $0.giveUp(spilling) }
                throw error
            }
        }
        guard !spilling.isEmpty else { return [] }
        let indices = lanes.indices.filter { spilling.contains(lanes[$0]) }
        try await spill(batch.selecting(indices) { Int32(lanes[$0]) }, spilling)
        return indices
    }

    private func route(_ lanes: Set<Int>) async -> Set<Int> {
        var deadline: ContinuousClock.Instant?
        while true {
            let mayWait = deadline.map { .now < $0 } ?? true
            switch change([], { $0.route(lanes, mayWait: mayWait) }) {
            case .go(let spilling): return spilling
            case .wait(let lane):
                deadline = deadline ?? .now + Self.patience
                await wait(for: lane) { $0.isClosing }
            }
        }
    }

    private func logFailed(_ lanes: Set<Int>, _ error: EventLogError) {
        // Those who wait for a lane to be drained need not any more.
        guard change(0..<laneCount, { $0.logFailed(lanes) }) else { return }
        logger.warning("the log fails, events go to the spill", metadata: ["error": "\(error)"])
        announceWork()
    }

    private func spill(_ batch: RecordBatch, _ lanes: Set<Int>) async throws {
        let size = batch.storedSize
        if batch.records.indices.contains(where: { batch.storedSize(at: $0) > Self.maximumRecordSize }) {
            change(lanes) { $0.giveUp(lanes) }
            throw EventLogError(.messageTooLarge, "a record may have \(Self.maximumRecordSize) bytes with its headers")
        }
        guard await hasRoom(), change([], { $0.reserve(size) }) else {
            change(lanes) { $0.giveUp(lanes) }
            throw EventLogError(.unreachable, "the log fails, and the spill is full")
        }
        do {
            let places = try await store.produce(batch, to: .userEvents)
            let ends = Dictionary(places.map { (Int($0.partition), $0.offset + 1) }, uniquingKeysWith: max)
            let receivedAt = batch.records.map(\.timestamp).min() ?? 0
            change(lanes) { $0.appended(ends, receivedAt: receivedAt) }
        } catch {
            change(lanes) { $0.giveUp(lanes, size: size, isFailing: true) }
            announceWork()
            throw error
        }
        metrics.spilled.increment(by: batch.count)
        announceWork()
    }
}

extension EventLogError {
    /// Whether the log failed for the world's reasons, so that the spill takes over. A full queue is not an outage but
    /// too much load, and what is too large will be too large again.
    var isOutage: Bool {
        switch code {
        case .unreachable, .timedOut, .unknownTopic, .notAuthorized, .other: true
        case .queueFull, .messageTooLarge, .groupChanged, .consumerLost, .invalidConfiguration, .closed: false
        }
    }
}

extension RecordBatch {
    /// The lane of each record, of so many.
    func lanes(of count: Int) -> [Int] {
        records.indices.map { index in key(at: index).map { Int(Murmur2.partition(of: $0, count: count)) } ?? 0 }
    }

    /// What a record takes in the spill, in bytes, with about what SQLite adds.
    func storedSize(at index: Int) -> Int {
        let record = records[index]
        let headers = headers[record.headers].reduce(0) { $0 + $1.name.count + $1.value.count + 8 }
        return record.value.count + (record.key?.count ?? 0) + headers + 32
    }

    var storedSize: Int64 { records.indices.reduce(0) { $0 + Int64(storedSize(at: $1)) } }
}

import Operations
import Stores

/// What a worker holds of its partitions, and what it has to do next. Pure: no I/O.
struct Assignment {
    /// A slice that could not be processed because of the world's trouble; its partition is paused.
    struct Held {
        var slices: [RecordSlice]
        var backoff: Backoff
        var due: ContinuousClock.Instant
    }

    /// A wish to compare positions with the log before anything is fetched.
    struct Comparison {
        var backoff = Backoff()
        var due: ContinuousClock.Instant
    }

    /// The partitions that the group gave this worker.
    private(set) var assigned: [Int32] = []
    /// The progress of those whose position is known; records of others are not looked at.
    private(set) var progress: [Int32: IngestProgress] = [:]
    private(set) var held: [Int32: Held] = [:]
    private(set) var comparison: Comparison?
    /// Progress not yet mirrored to the log.
    private(set) var uncommitted: [Int32: Int64] = [:]

    /// The group gave these partitions.
    mutating func take(_ partitions: [Int32], now: ContinuousClock.Instant) {
        self = Assignment()
        assigned = partitions
        comparison = Comparison(due: now)
    }

    /// The group took everything back.
    mutating func drop() { self = Assignment() }

    /// The positions of these partitions are no longer certain: what is in hand of them is dropped.
    mutating func doubt(_ partitions: [Int32], now: ContinuousClock.Instant) {
        for partition in partitions where assigned.contains(partition) {
            progress[partition] = nil
            held[partition] = nil
            uncommitted[partition] = nil
            if comparison == nil { comparison = Comparison(due: now) }
        }
    }

    /// Positions have been compared, fetching begins there.
    mutating func start(at positions: [Int32: IngestProgress]) {
        progress = positions
        held = [:]
        comparison = nil
        uncommitted = positions.mapValues(\.next)
    }

    /// Comparing failed: again after a while.
    mutating func postponeComparison(now: ContinuousClock.Instant) {
        guard var comparison else { return }
        comparison.due = now + comparison.backoff.next()
        self.comparison = comparison
    }

    /// The slices of a batch that are to be processed now. What follows a held slice waits behind it.
    mutating func admit(_ slices: [RecordSlice]) -> [RecordSlice] {
        var admitted: [RecordSlice] = []
        for slice in slices where progress[slice.partition] != nil {
            if held[slice.partition] == nil {
                admitted.append(slice)
            } else {
                held[slice.partition]?.slices.append(slice)
            }
        }
        return admitted
    }

    /// A slice went through. Nothing changes where doubt has come meanwhile: its progress is read again.
    mutating func advance(to new: IngestProgress) {
        guard progress[new.partition.partition] != nil else { return }
        progress[new.partition.partition] = new
        uncommitted[new.partition.partition] = new.next
    }

    /// A slice met trouble: it is kept, and tried again after a while. Dropped where doubt has come meanwhile.
    mutating func hold(_ slice: RecordSlice, now: ContinuousClock.Instant) {
        guard progress[slice.partition] != nil else { return }
        var entry = held[slice.partition] ?? Held(slices: [slice], backoff: Backoff(), due: now)
        entry.due = now + entry.backoff.next()
        held[slice.partition] = entry
    }

    /// The bytes of all batches that held slices are of: each is in memory as a whole while one of its slices is held.
    var heldBytes: Int {
        var batches: [UnsafePointer<UInt8>?: Int] = [:]
        for slice in held.values.flatMap(\.slices) {
            slice.batch.bytes.withUnsafeBufferPointer { batches[$0.baseAddress] = $0.count }
        }
        return batches.values.reduce(0, +)
    }

    /// The first slice of every partition whose waiting time is over.
    func due(at now: ContinuousClock.Instant) -> [RecordSlice] {
        held.values.filter { $0.due <= now }.compactMap(\.slices.first)
    }

    /// The first held slice of a partition went through.
    /// - Returns: whether the partition has nothing held any more, and can be resumed.
    mutating func release(_ partition: Int32, now: ContinuousClock.Instant) -> Bool {
        guard var entry = held[partition] else { return false }
        entry.slices.removeFirst()
        entry.backoff.reset()
        entry.due = now
        held[partition] = entry.slices.isEmpty ? nil : entry
        return entry.slices.isEmpty
    }

    /// Hands over what is to be mirrored to the log.
    mutating func takeUncommitted() -> [Int32: Int64] {
        defer { uncommitted = [:] }
        return uncommitted
    }

    /// The time of the next thing to be done without any news, if there is one.
    var nextDue: ContinuousClock.Instant? {
        (held.values.map(\.due) + [comparison?.due].compactMap { $0 }).min()
    }
}

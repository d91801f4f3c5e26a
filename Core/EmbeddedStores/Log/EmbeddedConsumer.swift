import GRDB
import Stores

/// A member of a consumer group of the embedded log.
actor EmbeddedConsumer: EventConsumer {
    /// A batch is closed at so many bytes, whatever the number of its records.
    private static let maximumBatchBytes = 8 << 20

    private let log: EmbeddedLog
    private let name: ConsumerGroups.Name
    private let topic: LogAppender.TopicEntry
    private let member: Int
    /// The next offset to fetch of each partition assigned; partitions without one are not fetched.
    private var next: [Int32: Int64] = [:]
    private var paused: Set<Int32> = []
    private var isClosed = false
    /// The log that the positions are of.
    private var incarnation = 0
    /// Where the next fetch begins, so that a busy partition does not starve the others.
    private var turn: Int32 = 0

    init(log: EmbeddedLog, name: ConsumerGroups.Name, topic: LogAppender.TopicEntry, member: Int) {
        (self.log, self.name, self.topic, self.member) = (log, name, topic, member)
    }

    deinit {
        // A consumer that was dropped without a goodbye must not keep its partitions.
        log.groups.leave(name, member)
        log.extents.wakeAll()
    }

    func next(max: Int, wait: Duration) async throws -> ConsumerEvent {
        let deadline = ContinuousClock.now + wait
        while true {
            try checkOpen()
            if let news = takeNews() { return news }
            if let astray = partitionsAstray() { return .positionsUncertain(astray) }
            let batch = try await fetch(max)
            let left = deadline - .now
            if !batch.isEmpty || left <= .zero || Task.isCancelled { return .records(batch) }
            await waitForNews(atMost: left)
        }
    }

    private func takeNews() -> ConsumerEvent? {
        switch log.groups.takeNews(name, member) {
        case .assigned(let partitions):
            (next, paused) = ([:], [])
            return .assigned(partitions)
        case .revoked(let partitions): return .revoked(partitions, lost: false)
        case nil: return nil
        }
    }

    /// Partitions whose position the log does not hold; they are no longer fetched.
    private func partitionsAstray() -> [Int32]? {
        let isOtherLog = log.extents.incarnation != incarnation
        let astray = next.filter { partition, offset in
            guard !isOtherLog, let extent = extent(partition) else { return true }
            return offset < extent.low || offset > extent.high
        }.keys.sorted()
        for partition in astray { next[partition] = nil }
        return astray.isEmpty ? nil : astray
    }

    private func extent(_ partition: Int32) -> Watermarks? {
        log.extents[Extents.Place(topic: topic.id, partition: partition)]
    }

    private var fetchable: [Int32] {
        let ready = next.keys.filter { !paused.contains($0) && (extent($0)?.high ?? 0) > next[$0]! }.sorted()
        let start = ready.firstIndex { $0 >= turn } ?? 0
        return Array(ready[start...] + ready[..<start])
    }

    private func fetch(_ max: Int) async throws -> RecordBatch {
        let partitions = fetchable
        guard !partitions.isEmpty else { return RecordBatch() }
        turn = partitions[0] + 1
        let places = partitions.map { (partition: $0, from: next[$0]!, to: extent($0)!.high) }
        let batch = try await log.read(topic.id, places, max: max, maxBytes: Self.maximumBatchBytes)
        for record in batch.records { next[record.partition] = record.offset + 1 }
        return batch
    }

    private func waitForNews(atMost limit: Duration) async {
        let ends = next.filter { !paused.contains($0.key) }
        await log.extents.wait(atMost: limit) { [log, name, member, topic] in
            log.isClosed || log.groups.hasNews(name, member)
                || ends.contains { (log.extents[Extents.Place(topic: topic.id, partition: $0)]?.high ?? 0) > $1 }
        }
    }

    func assign(_ starts: [Int32: Int64]) throws {
        try checkOpen()
        guard log.groups.holds(name, member, starts.keys) else {
            throw EventLogError(.groupChanged, "the group has taken these partitions back")
        }
        (next, paused, incarnation) = (starts, [], log.extents.incarnation)
    }

    func unassign() throws {
        (next, paused) = ([:], [])
        log.groups.released(name, member)
        log.extents.wakeAll()
    }

    func pause(_ partitions: [Int32]) throws { paused.formUnion(partitions) }

    func resume(_ partitions: [Int32]) throws { paused.subtract(partitions) }

    func commit(_ offsets: [Int32: Int64]) async throws {
        try checkOpen()
        guard log.groups.holds(name, member, offsets.keys) else {
            throw EventLogError(.groupChanged, "the group has given these partitions to others")
        }
        try await log.commit(offsets, name, topic.id)
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        next = [:]
        log.groups.leave(name, member)
        log.extents.wakeAll()
    }

    private func checkOpen() throws {
        try log.checkOpen()
        if isClosed { throw EventLogError(.closed, "the consumer is closed") }
    }
}

import GRDB
import Stores

/// What the writer of `log.db` keeps: the insert, and where each partition ends.
final class LogAppender: WriterState {
    /// What may wait for a commit; beyond that producers are told to shed load.
    static let queueLimit = WorkSize(records: 100_000, bytes: 64 << 20)

    /// What an append needs to know of its topic.
    struct TopicEntry: Sendable {
        var id: Int64
        var partitions: Int
        /// How long records are kept, in milliseconds; `nil` for ever.
        var retention: Int64?
    }

    private let extents: Extents
    private let insert: PreparedStatement
    private let raise: PreparedStatement
    private let oldest: PreparedStatement
    /// The ends of the partitions, by topic: the transaction under way included.
    private var ends: [Int64: [Int64]] = [:]
    private var changed: Set<Extents.Place> = []
    /// What memory takes from the transaction under way, when it is durable.
    private var afterwards: [() -> Void] = []
    private var headers: [UInt8] = []
    private var nextKeyless: Int32 = 0

    init(_ db: Database, _ extents: Extents) throws {
        self.extents = extents
        insert = try PreparedStatement(db, "INSERT INTO record VALUES (?, ?, ?, ?, ?)")
        raise = try PreparedStatement(db, "UPDATE extent SET high = ? WHERE topic = ? AND partition = ?")
        oldest = try PreparedStatement(
            db, "SELECT key, timestamp FROM record WHERE key >= ? AND key < ? ORDER BY key LIMIT ?")
    }

    /// Has `body` called when the transaction under way is durable, before anyone is told.
    func afterCommit(_ body: @escaping () -> Void) { afterwards.append(body) }

    /// Forgets the ends: the transaction under way makes another log of this one.
    func forgetEnds() { (ends, changed) = ([:], []) }

    /// Appends records, and tells where they are.
    func append(_ batch: RecordBatch, to topic: TopicEntry) throws -> [LogOffset] {
        var ends = self.ends.removeValue(forKey: topic.id) ?? extents.ends(of: topic.id, partitions: topic.partitions)
        defer { self.ends[topic.id] = ends }
        return try batch.bytes.withUnsafeBufferPointer { arena in
            try batch.records.map { record in
                let partition = partition(of: record, in: arena, topic)
                let offset = ends[Int(partition)]
                try append(record, of: batch, in: arena, at: RecordKey.key(topic.id, partition, offset))
                ends[Int(partition)] = offset + 1
                changed.insert(Extents.Place(topic: topic.id, partition: partition))
                return LogOffset(partition: partition, offset: offset)
            }
        }
    }

    private func append(
        _ record: RecordBatch.Record, of batch: RecordBatch, in arena: UnsafeBufferPointer<UInt8>, at key: Int64
    ) throws {
        HeaderCoding.encode(batch.headers[record.headers], in: arena, to: &headers)
        try headers.withUnsafeBufferPointer { headers in
            insert.bind(1, key)
            insert.bind(2, record.timestamp)
            if let key = record.key { insert.lend(3, .init(rebasing: arena[key])) } else { insert.bindNull(3) }
            insert.lend(4, .init(rebasing: arena[record.value]))
            insert.lend(5, headers)
            try insert.run()
        }
    }

    private func partition(
        of record: RecordBatch.Record, in arena: UnsafeBufferPointer<UInt8>, _ topic: TopicEntry
    ) -> Int32 {
        if record.partition >= 0 { return record.partition }
        if let key = record.key {
            return Murmur2.partition(of: .init(rebasing: arena[key]), count: topic.partitions)
        }
        nextKeyless = (nextKeyless + 1) % Int32(topic.partitions)
        return nextKeyless
    }

    /// Drops a slice of a topic's records that are older than `cutoff`, within the transaction under way: the first ones
    /// of each partition, up to one that is younger. They lie together, so whole pages become free and are used again.
    /// - Parameter bounds: by partition, the offset from which records are kept, however old; others lose none.
    /// - Returns: how many; fewer than `limit` only where no more have expired.
    func expire(
        _ db: Database, _ topic: TopicEntry, before cutoff: Int64, below bounds: [Int32: Int64], atMost limit: Int
    ) throws -> Int {
        var count = 0
        for (partition, bound) in bounds where count < limit {
            let place = Extents.Place(topic: topic.id, partition: partition)
            guard let low = extents[place]?.low, low < bound else { continue }
            let end = try firstToKeep(place, from: low, below: bound, before: cutoff, atMost: limit - count)
            guard end > low else { continue }
            try LogQueries.trim(db, topic.id, partition, below: end)
            afterCommit { [extents] in extents.raiseLow(place, to: end) }
            count += Int(end - low)
        }
        return count
    }

    private func firstToKeep(
        _ place: Extents.Place, from low: Int64, below bound: Int64, before cutoff: Int64, atMost limit: Int
    ) throws -> Int64 {
        var end = low
        oldest.bind(1, RecordKey.key(place.topic, place.partition, low))
        oldest.bind(2, RecordKey.key(place.topic, place.partition, bound))
        oldest.bind(3, Int64(limit))
        try oldest.forEachRow { row in
            guard row.integer(1) < cutoff else { return false }
            end = RecordKey.offset(row.integer(0)) + 1
            return true
        }
        return end
    }

    func willCommit(_ db: Database) throws {
        for place in changed {
            raise.bind(1, ends[place.topic]![Int(place.partition)])
            raise.bind(2, place.topic)
            raise.bind(3, Int64(place.partition))
            try raise.run()
        }
    }

    func didCommit() {
        for body in afterwards { body() }
        afterwards = []
        guard !changed.isEmpty else { return }
        extents.raise(changed.map { ($0, ends[$0.topic]![Int($0.partition)]) })
        changed = []
    }

    func didRollBack(_ db: Database) {
        forgetEnds()
        afterwards = []
    }

    func settle(_ db: Database) -> Bool { false }
}

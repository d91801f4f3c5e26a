import GRDB
import Stores
import Threading

/// The one writer of `log.db`, on a thread of its own. Appends that wait while a commit is under way share the next one.
actor LogWriter {
    /// Records waiting for a commit, at most; beyond that producers are told to shed load.
    static let maximumWaiting = 100_000

    /// What a caller holds until its records are committed.
    struct Ticket: Sendable { fileprivate let number: Int }

    /// What an append needs to know of its topic.
    struct TopicEntry: Sendable {
        var id: Int64
        var partitions: Int
    }

    private struct Append {
        var number: Int
        var batch: RecordBatch
        var topic: TopicEntry
    }

    private let thread = DedicatedThread(name: "log-writer")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    let pool: DatabasePool
    private let extents: Extents
    private var insert: PreparedStatement?
    private var waiting: [Append] = []
    private var waitingRecords = 0
    private var results: [Int: Result<[LogOffset], any Error>] = [:]
    private var nextNumber = 0
    private var nextKeyless: Int32 = 0

    init(pool: DatabasePool, extents: Extents) {
        self.pool = pool
        self.extents = extents
    }

    func enqueue(_ batch: RecordBatch, to topic: TopicEntry) throws -> Ticket {
        guard waitingRecords + batch.count <= Self.maximumWaiting else {
            throw EventLogError(.queueFull, "\(waitingRecords) records wait to be made durable")
        }
        defer { nextNumber += 1 }
        waiting.append(Append(number: nextNumber, batch: batch, topic: topic))
        waitingRecords += batch.count
        return Ticket(number: nextNumber)
    }

    /// Commits everything that waits, unless that has been done, and tells where a ticket's records are.
    func commit(_ ticket: Ticket) throws -> [LogOffset] {
        if results[ticket.number] == nil { commitAll() }
        return try results.removeValue(forKey: ticket.number)!.get()
    }

    private func commitAll() {
        let appends = waiting
        (waiting, waitingRecords) = ([], 0)
        do {
            var ends = extents.ends()
            let offsets = try write(appends, &ends)
            for (append, offsets) in zip(appends, offsets) { results[append.number] = .success(offsets) }
            extents.raise(ends)
        } catch {
            for append in appends { results[append.number] = .failure(error) }
        }
    }

    private func write(_ appends: [Append], _ ends: inout [Extents.Place: Int64]) throws -> [[LogOffset]] {
        var new = ends
        let offsets = try pool.writeWithoutTransaction { db in
            let insert = try prepared(db)
            var offsets: [[LogOffset]] = []
            try db.inTransaction(.immediate) {
                for append in appends { offsets.append(try write(append, insert, &new)) }
                for (place, end) in new where ends[place] != end {
                    try db.execute(
                        sql: "UPDATE extent SET high = ? WHERE topic = ? AND partition = ?",
                        arguments: [end, place.topic, place.partition])
                }
                return .commit
            }
            return offsets
        }
        ends = new
        return offsets
    }

    private func write(
        _ append: Append, _ insert: PreparedStatement, _ ends: inout [Extents.Place: Int64]
    ) throws -> [LogOffset] {
        try append.batch.records.indices.map { index in
            let record = append.batch.records[index]
            let partition = partition(of: record, at: index, append)
            let place = Extents.Place(topic: append.topic.id, partition: partition)
            let offset = ends[place, default: 0]
            insert.bind(1, RecordKey.key(append.topic.id, partition, offset))
            insert.bind(2, record.timestamp)
            if let key = append.batch.key(at: index) { insert.bind(3, key) } else { insert.bindNull(3) }
            insert.bind(4, append.batch.value(at: index))
            insert.bind(5, HeaderCoding.encode(append.batch, at: index))
            try insert.run()
            ends[place] = offset + 1
            return LogOffset(partition: partition, offset: offset)
        }
    }

    private func partition(of record: RecordBatch.Record, at index: Int, _ append: Append) -> Int32 {
        if record.partition >= 0 { return record.partition }
        if let key = append.batch.key(at: index) { return Murmur2.partition(of: key, count: append.topic.partitions) }
        nextKeyless = (nextKeyless + 1) % Int32(append.topic.partitions)
        return nextKeyless
    }

    private func prepared(_ db: Database) throws -> PreparedStatement {
        if let insert { return insert }
        let new = try PreparedStatement(db, "INSERT INTO record VALUES (?, ?, ?, ?, ?)")
        insert = new
        return new
    }

    /// Runs any other write, alone and in a transaction.
    func write<Value: Sendable>(_ work: @Sendable (Database) throws -> Value) throws -> Value {
        try pool.write(work)
    }

    /// Lets go of statements, which must not outlive the connection.
    func finish() { insert = nil }
}

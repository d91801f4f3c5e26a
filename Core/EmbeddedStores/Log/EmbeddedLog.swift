import GRDB
public import Stores
import Synchronization

/// The log of events in one SQLite file, `log.db`: the embedded twin of Kafka.
///
/// An append returns after the commit that holds it, and a commit after fdatasync. Appends that meet share a commit.
public final class EmbeddedLog: EventLog {
    /// Bytes of a record's value, at most: as the topic's `max.message.bytes`.
    static let maximumRecordSize = 1 << 20

    private let pool: DatabasePool
    private let writer: LogWriter
    let extents = Extents()
    let groups = ConsumerGroups()
    private let topics = Mutex<[String: LogWriter.TopicEntry]>([:])
    private let isClosed = Mutex(false)

    /// Opens or makes the file.
    /// - Throws: `DatabaseError` where the file cannot be opened.
    public init(path: String) throws {
        pool = try SQLiteFile.open(path, cacheSize: 16 * 1024)
        do {
            try LogSchema.migrator.migrate(pool)
            let (known, marks) = try pool.read { try (LogQueries.topics($0), LogQueries.extents($0)) }
            topics.withLock { $0 = known }
            extents.load(marks)
        } catch {
            throw Stores.DatabaseError.embedded(error, "the log could not be read")
        }
        writer = LogWriter(pool: pool, extents: extents)
    }

    public func produce(_ batch: RecordBatch, to topic: Topic) async throws -> [LogOffset] {
        let entry = try entry(topic)
        for index in batch.records.indices where batch.records[index].value.count > Self.maximumRecordSize {
            throw EventLogError(.messageTooLarge, "a record may have \(Self.maximumRecordSize) bytes")
        }
        return try await logged("records could not be appended") { [writer] in
            try await writer.commit(await writer.enqueue(batch, to: entry))
        }
    }

    public func consumer(group: String, topic: Topic) async throws -> any EventConsumer {
        let entry = try entry(topic)
        let name = ConsumerGroups.Name(group: group, topic: topic)
        let member = groups.join(name, partitions: entry.partitions)
        extents.wakeAll()
        return EmbeddedConsumer(log: self, name: name, topic: entry, member: member)
    }

    public func partitionCount(of topic: Topic) async throws -> Int { try entry(topic).partitions }

    public func watermarks(of topic: Topic, partitions: [Int32]) async throws -> [Int32: Watermarks] {
        let entry = try entry(topic)
        return Dictionary(
            uniqueKeysWithValues: partitions.compactMap { partition in
                extents[Extents.Place(topic: entry.id, partition: partition)].map { (partition, $0) }
            })
    }

    public func records(at places: [LogOffset], in topic: Topic) async throws -> RecordBatch {
        let entry = try entry(topic)
        let ranges = places.map { (partition: $0.partition, from: $0.offset, to: $0.offset + 1) }
        return try await read(entry.id, ranges, max: places.count)
    }

    /// Reads records of several stretches, together at most `max`.
    func read(
        _ topic: Int64, _ places: [(partition: Int32, from: Int64, to: Int64)], max: Int
    ) async throws -> RecordBatch {
        try await logged("records could not be read") { [pool] in
            try await pool.read { try LogQueries.records($0, topic, places, max: max) }
        }
    }

    public func committed(group: String, topic: Topic, partitions: [Int32]) async throws -> [Int32: Int64] {
        let entry = try entry(topic)
        return try await logged("commits could not be read") { [pool] in
            try await pool.read { try LogQueries.committed($0, group, entry.id) }.filter { partitions.contains($0.key) }
        }
    }

    func commit(_ offsets: [Int32: Int64], _ name: ConsumerGroups.Name, _ topic: Int64) async throws {
        try await logged("offsets could not be committed") { [writer] in
            try await writer.write { db in
                for (partition, next) in offsets {
                    try db.execute(
                        sql: "INSERT OR REPLACE INTO committed VALUES (?, ?, ?, ?)",
                        arguments: [name.group, topic, partition, next])
                }
            }
        }
    }

    public func provision(_ definitions: [TopicDefinition]) async throws -> [String: TopicProvision] {
        try checkOpen()
        var outcomes: [String: TopicProvision] = [:]
        for definition in definitions {
            if let known = topics.withLock({ $0[definition.name] }) {
                outcomes[definition.name] = .existed(partitions: known.partitions)
                continue
            }
            let (entry, marks) = try await logged("topic \(definition.name) could not be made") { [writer] in
                try await writer.write { try LogQueries.create($0, definition) }
            }
            topics.withLock { $0[definition.name] = entry }
            extents.load(marks)
            outcomes[definition.name] = .created
        }
        return outcomes
    }

    public func checkHealth() async throws {
        try checkOpen()
        try await logged("the log does not answer") { [pool] in
            _ = try await pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM topic") }
        }
    }

    public func close() async {
        guard !isClosed.exchange(true) else { return }
        extents.wakeAll()
        await writer.finish()
        try? pool.close()
    }

    private func entry(_ topic: Topic) throws -> LogWriter.TopicEntry {
        try checkOpen()
        guard let entry = topics.withLock({ $0[topic.rawValue] }) else {
            throw EventLogError(.unknownTopic, "there is no topic \(topic.rawValue)")
        }
        return entry
    }

    private func checkOpen() throws {
        if isClosed.withLock({ $0 }) { throw EventLogError(.closed, "the log is closed") }
    }
}

/// Runs work, and says in the log's terms what went wrong.
private func logged<Value: Sendable>(
    _ doing: String, _ work: @Sendable () async throws -> Value
) async throws -> Value {
    do {
        return try await work()
    } catch let error as EventLogError {
        throw error
    } catch let error as CancellationError {
        throw error
    } catch {
        let known = Stores.DatabaseError.embedded(error, doing)
        throw EventLogError(known.isTransient ? .unreachable : .other, doing, cause: known.cause)
    }
}

import GRDB
public import Stores

/// The log of events in one SQLite file, `log.db`: the embedded twin of Kafka.
///
/// An append returns after the commit that holds it, and a commit after fdatasync. Appends that meet share a commit.
public final class EmbeddedLog: TrimmableEventLog {
    /// Bytes of a record's value, at most: as the topic's `max.message.bytes`.
    static let maximumRecordSize = 1 << 20

    private static let files = OpenFiles<LogCore>()
    let file: SharedFile<LogCore>
    var extents: Extents { file.core.extents }
    var groups: ConsumerGroups { file.core.groups }
    var isClosed: Bool { file.isClosed }

    /// Opens or makes the file.
    /// - Throws: `DatabaseError` where the file cannot be opened.
    public init(path: String) throws {
        file = try SharedFile(path: path, in: Self.files, make: LogCore.init)
    }

    public func produce(_ batch: RecordBatch, to topic: Topic) async throws -> [LogOffset] {
        let entry = try entry(topic)
        for index in batch.records.indices where batch.records[index].value.count > Self.maximumRecordSize {
            throw EventLogError(.messageTooLarge, "a record may have \(Self.maximumRecordSize) bytes")
        }
        guard batch.records.allSatisfy({ $0.partition < entry.partitions }) else {
            throw EventLogError(.other, "\(topic.rawValue) has \(entry.partitions) partitions")
        }
        return try await logged("records could not be appended") { core in
            try await core.writer.submit(WorkSize(records: batch.count, bytes: batch.bytes.count)) { _, state in
                try state.append(batch, to: entry)
            }
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

    /// Reads records of several stretches, together at most `max`, and none more after so many bytes.
    func read(
        _ topic: Int64, _ places: [(partition: Int32, from: Int64, to: Int64)], max: Int, maxBytes: Int = .max
    ) async throws -> RecordBatch {
        try await logged("records could not be read") { core in
            try await core.pool.read { try LogQueries.records($0, topic, places, max: max, maxBytes: maxBytes) }
        }
    }

    public func committed(group: String, topic: Topic, partitions: [Int32]) async throws -> [Int32: Int64] {
        let entry = try entry(topic)
        return try await logged("commits could not be read") { core in
            try await core.pool.read { try LogQueries.committed($0, group, entry.id) }
                .filter { partitions.contains($0.key) }
        }
    }

    func commit(_ offsets: [Int32: Int64], _ name: ConsumerGroups.Name, _ topic: Int64) async throws {
        try await logged("offsets could not be committed") { core in
            try await core.writer.submit { db, _ in
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
            outcomes[definition.name] = try await logged("topic \(definition.name) could not be made") { core in
                try await core.provision(definition)
            }
        }
        return outcomes
    }

    public func trim(_ topic: Topic, _ partition: Int32, below low: Int64) async throws {
        let entry = try entry(topic)
        try await logged("records could not be dropped") { core in
            try await core.writer.submit { db, state in
                try LogQueries.trim(db, entry.id, partition, below: low)
                state.afterCommit {
                    core.extents.raiseLow(Extents.Place(topic: entry.id, partition: partition), to: low)
                }
            }
        }
    }

    /// How long a topic's records are kept, in milliseconds; `nil` for ever.
    func retention(of topic: Topic) throws -> Int64? { try entry(topic).retention }

    /// Events stay until they have been processed, however old (`DataDirectory.expire`).
    public func unreadRetention(of topic: Topic) async throws -> TopicRetention {
        let retention = try retention(of: topic)
        return topic == .userEvents ? .unlimited : retention.map { .milliseconds($0) } ?? .unlimited
    }

    /// Drops a slice of the records that are older than `cutoff`.
    /// - Parameter bounds: by partition, the offset from which records are kept, however old.
    func expire(
        _ topic: Topic, before cutoff: Int64, below bounds: [Int32: Int64], atMost limit: Int
    ) async throws -> Int {
        let entry = try entry(topic)
        return try await logged("expired records could not be dropped") { core in
            try await core.writer.submit { db, state in
                try state.expire(db, entry, before: cutoff, below: bounds, atMost: limit)
            }
        }
    }

    /// Drops all records and commits: what has been read so far is another log's.
    func clear() async throws {
        try await logged("the log could not be emptied") { core in
            try await core.writer.submit { db, state in
                let marks = try LogQueries.clear(db)
                state.forgetEnds()
                state.afterCommit { core.extents.replace(with: marks) }
            }
        }
    }

    public func checkHealth() async throws {
        try checkOpen()
        try await logged("the log does not answer") { core in
            _ = try await core.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM topic") }
        }
    }

    public func close() async {
        await file.close()
        // Consumers that wait for records find it closed.
        extents.wakeAll()
    }

    private func entry(_ topic: Topic) throws -> LogAppender.TopicEntry {
        try checkOpen()
        guard let entry = file.core.topic(topic.rawValue) else {
            throw EventLogError(.unknownTopic, "there is no topic \(topic.rawValue)")
        }
        return entry
    }

    func checkOpen() throws {
        if isClosed { throw Self.closed }
    }

    private static let closed = EventLogError(.closed, "the log is closed")

    /// Runs a call, and says in the log's terms what went wrong.
    func logged<Value: Sendable>(
        _ doing: String, _ work: @Sendable (LogCore) async throws -> Value
    ) async throws -> Value {
        do {
            return try await file.use(orThrow: Self.closed, work)
        } catch let error as EventLogError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch is QueueFull {
            throw EventLogError(.queueFull, "too many records wait to be made durable")
        } catch {
            let known = Stores.DatabaseError.embedded(error, doing)
            throw EventLogError(known.isTransient ? .unreachable : .other, doing, cause: known.cause)
        }
    }
}

import Events
import GRDB
public import Stores

/// Raw events, ingest progress and the index of dead letters in one SQLite file, `raw.db`.
public final class EmbeddedRawEventStore: RawEventStore {
    private static let files = OpenFiles<RawCore>()
    let file: SharedFile<RawCore>

    /// Opens or makes the file, tables included.
    /// - Throws: `DatabaseError` where the file cannot be opened.
    public convenience init(path: String) throws { try self.init(path: path, SeenIndex.Options()) }

    init(path: String, _ options: SeenIndex.Options) throws {
        file = try SharedFile(path: path, in: Self.files) { try RawCore(path: $0, options) }
    }

    public func provision() async throws { try await call("the raw events are there") { _ in } }

    public func insert(_ events: [RawEvent]) async throws -> [InsertVerdict] {
        try await call("events could not be inserted") { core in
            let bytes = events.reduce(0) { $0 + ($1.metadata?.count ?? 0) }
            return try await core.writer.submit(WorkSize(records: events.count, bytes: bytes)) { db, state in
                try state.insert(db, events)
            }
        }
    }

    public func event(source: String, eventID: String) async throws -> RawEvent? {
        try await call("the event could not be read") { core in
            // On the writer's thread, since its index is partly in memory.
            try await core.writer.submit { _, state in try state.event(source: source, eventID: eventID) }
        }
    }

    public func latestProgress(of partitions: [Int32]) async throws -> [Int32: IngestProgress] {
        try await call("progress could not be read") { core in
            try await core.pool.read { db in
                var latest: [Int32: IngestProgress] = [:]
                for partition in partitions { latest[partition] = try ProgressTable.latest(db, partition) }
                return latest
            }
        }
    }

    public func beginEpoch(_ progress: IngestProgress) async throws -> IngestProgress {
        try await write("an epoch could not be begun") { _, state in try state.progress.begin(progress) }
    }

    public func advance(_ moves: [ProgressMove]) async -> [Result<AdvanceOutcome, any Error>] {
        do {
            // A move at fault writes nothing: the others of the transaction need not suffer.
            return try await write("progress could not be moved") { _, state in
                try moves.map { move in
                    do { return .success(try state.progress.advance(move)) } catch let error as Stores.DatabaseError {
                        return .failure(error)
                    }
                }
            }
        } catch {
            return moves.map { _ in .failure(error) }
        }
    }

    /// Drops a slice of what has expired.
    func expire(
        before cutoff: Int64, below bounds: [PartitionEpoch: Int64], atMost limit: Int
    ) async throws -> (events: Int, ids: Int) {
        try await write("expired events could not be dropped") { db, state in
            try state.expire(db, before: cutoff, below: bounds, atMost: limit)
        }
    }

    public func recordDeadLetters(_ entries: [DeadLetterEntry]) async throws {
        try await write("dead letters could not be recorded") { db, _ in
            try DeadLetterTable.insert(db, entries)
        }
    }

    public func deadLetters(in window: OffsetWindow) async throws -> [DeadLetterEntry] {
        try await call("dead letters could not be read") { core in
            try await core.pool.read { try DeadLetterTable.entries($0, window) }
        }
    }

    public func deadLetters(
        matching filter: DeadLetterFilter, after last: DeadLetterEntry?, limit: Int
    ) async throws -> [DeadLetterEntry] {
        try await call("dead letters could not be read") { core in
            try await core.pool.read { try DeadLetterTable.entries($0, filter, after: last, limit: limit) }
        }
    }

    public func moveDeadLetters(
        at positions: [Position], from: DeadLetterEntry.State, to: DeadLetterEntry.State
    ) async throws -> Int {
        try await write("dead letters could not be moved") { db, _ in
            try DeadLetterTable.move(db, positions, from: from, to: to)
        }
    }

    public func withConsistentReader<Value: Sendable>(
        _ body: @Sendable (any RawEventReader) async throws -> Value
    ) async throws -> Value {
        let snapshot = try await call("no snapshot of the raw events") { core in try core.pool.makeSnapshot() }
        let lease = Lease(snapshot, "the reader")
        defer { lease.end() }
        return try await body(EmbeddedRawEventReader(snapshot: lease, file: file))
    }

    public func checkHealth() async throws {
        try await call("the raw events do not answer") { core in
            try await core.pool.read { db in try db.execute(sql: "SELECT only FROM seen_state") }
        }
    }

    public func close() async { await file.close() }

    func write<Value: Sendable>(
        _ doing: String, _ work: @escaping @Sendable (Database, RawStatements) throws -> Value
    ) async throws -> Value {
        try await call(doing) { core in try await core.writer.submit(WorkSize(), work) }
    }

    func call<Value: Sendable>(
        _ doing: String, _ work: @Sendable (RawCore) async throws -> Value
    ) async throws -> Value {
        try await file.use(orThrow: rawEventsClosed) { core in try await perform(doing) { try await work(core) } }
    }
}

/// What the handles of a raw file share.
struct RawCore: FileCore {
    let pool: DatabasePool
    let writer: GroupCommit<RawStatements>

    init(path: String, _ options: SeenIndex.Options) throws {
        pool = try SQLiteFile.open(path, cacheSize: 48 * 1024)
        do {
            try RawSchema.migrator.migrate(pool)
        } catch {
            throw Stores.DatabaseError.embedded(error, "the raw events' tables could not be made")
        }
        writer = GroupCommit("raw", pool: pool, limit: RawStatements.queueLimit, checkpointPages: 4000) { [pool] in
            try RawStatements($0, options, pool)
        }
    }

    func close() async {
        await writer.finish()
        try? pool.close()
    }
}

let rawEventsClosed = Stores.DatabaseError(.closed, store: "embedded", "the raw events are closed")

/// Reads of one snapshot.
struct EmbeddedRawEventReader: RawEventReader {
    let snapshot: Lease<DatabaseSnapshot>
    let file: SharedFile<RawCore>

    func progress() async throws -> [IngestProgress] {
        try await read("progress could not be read") { try ProgressTable.all($0) }
    }

    func events(in window: OffsetWindow, metadata keys: MetadataKeys) async throws -> [StoredEvent] {
        try await read("events could not be read") { try Self.events($0, window, keys) }
    }

    private func read<Value: Sendable>(
        _ doing: String, _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await file.use(orThrow: rawEventsClosed) { _ in
            try await perform(doing) { try await snapshot.get().read(work) }
        }
    }

    private static func events(
        _ db: Database, _ window: OffsetWindow, _ keys: MetadataKeys
    ) throws -> [StoredEvent] {
        // A column that is not asked for need not be found in the row.
        let metadata = keys.names.isEmpty ? "" : ", metadata"
        let select = try PreparedStatement(
            db,
            """
            SELECT key, source, user_id, event_type, timestamp, context\(metadata) FROM raw_event
            WHERE key BETWEEN ? AND ? ORDER BY key
            """)
        var events: [StoredEvent] = []
        for range in try Stretches.ranges(db, window) {
            select.bind(1, range.keys.lowerBound)
            select.bind(2, range.keys.upperBound)
            try select.forEachRow { row in
                var dimensions = row.withBlob(5, ContextCoding.dimensions)
                if !keys.names.isEmpty { dimensions.metadata = keys.values(in: row.isNull(6) ? nil : row.blob(6)[...]) }
                events.append(
                    StoredEvent(
                        source: row.text(1), userID: row.text(2), eventType: row.text(3), timestamp: row.integer(4),
                        offset: row.integer(0) + range.toOffset, dimensions: dimensions))
                return true
            }
        }
        return events
    }
}

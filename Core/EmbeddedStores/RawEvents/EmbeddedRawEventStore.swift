import Events
import Foundation
import GRDB
public import Stores
import Synchronization

/// Raw events, ingest progress and the index of dead letters in one SQLite file, `raw.db`.
public final class EmbeddedRawEventStore: RawEventStore {
    private let pool: DatabasePool
    private let writer: RawWriter
    private let isClosed = Mutex(false)

    /// Opens or makes the file, tables included.
    /// - Throws: `DatabaseError` where the file cannot be opened.
    public init(path: String) throws {
        pool = try SQLiteFile.open(path, cacheSize: 48 * 1024)
        do {
            try RawSchema.migrator.migrate(pool)
        } catch {
            throw Stores.DatabaseError.embedded(error, "the raw events' tables could not be made")
        }
        writer = RawWriter(pool: pool)
    }

    public func provision() async throws { try checkOpen() }

    public func insert(_ events: [RawEvent]) async throws -> [InsertVerdict] {
        try checkOpen()
        return try await perform("events could not be inserted") { [writer] in
            try await writer.commit(await writer.enqueue(events))
        }
    }

    public func event(source: String, eventID: String) async throws -> RawEvent? {
        try checkOpen()
        return try await perform("the event could not be read") { [writer] in
            try await writer.event(source: source, eventID: eventID)
        }
    }

    public func latestProgress(of partitions: [Int32]) async throws -> [Int32: IngestProgress] {
        try checkOpen()
        return try await perform("progress could not be read") { [pool] in
            try await pool.read { db in
                var latest: [Int32: IngestProgress] = [:]
                for partition in partitions { latest[partition] = try ProgressTable.latest(db, partition) }
                return latest
            }
        }
    }

    public func beginEpoch(_ progress: IngestProgress) async throws -> IngestProgress {
        try await write("an epoch could not be begun") { db in try ProgressTable.begin(db, progress) }
    }

    public func advance(from old: IngestProgress, to new: IngestProgress) async throws -> AdvanceOutcome {
        try await write("progress could not be moved") { db in try ProgressTable.advance(db, from: old, to: new) }
    }

    public func recordDeadLetters(_ entries: [DeadLetterEntry]) async throws {
        try await write("dead letters could not be recorded") { db in
            for entry in entries { try DeadLetterTable.insert(db, entry) }
        }
    }

    public func deadLetters(in window: OffsetWindow) async throws -> [DeadLetterEntry] {
        try checkOpen()
        return try await perform("dead letters could not be read") { [pool] in
            let keys = try RowKey.keys(window)
            return try await pool.read { try DeadLetterTable.entries($0, keys) }
        }
    }

    public func withConsistentReader<Value: Sendable>(
        _ body: @Sendable (any RawEventReader) async throws -> Value
    ) async throws -> Value {
        try checkOpen()
        let snapshot = try await perform("no snapshot of the raw events") { [pool] in try pool.makeSnapshot() }
        return try await body(EmbeddedRawEventReader(snapshot: snapshot))
    }

    public func checkHealth() async throws {
        try checkOpen()
        try await perform("the raw events do not answer") { [pool] in
            try await pool.read { db in try db.execute(sql: "SELECT only FROM seen_state") }
        }
    }

    public func close() async {
        guard !isClosed.exchange(true) else { return }
        await writer.finish()
        try? pool.close()
    }

    private func write<Value: Sendable>(
        _ doing: String, _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try checkOpen()
        return try await perform(doing) { [writer] in try await writer.write(work) }
    }

    private func checkOpen() throws {
        if isClosed.withLock({ $0 }) {
            throw Stores.DatabaseError(.closed, store: "embedded", "the raw events are closed")
        }
    }
}

/// Reads of one snapshot.
struct EmbeddedRawEventReader: RawEventReader {
    let snapshot: DatabaseSnapshot

    func progress() async throws -> [IngestProgress] {
        try await perform("progress could not be read") { [snapshot] in
            try await snapshot.read { try ProgressTable.all($0) }
        }
    }

    func events(in window: OffsetWindow) async throws -> [StoredEvent] {
        try await perform("events could not be read") { [snapshot] in
            let keys = try RowKey.keys(window)
            return try await snapshot.read { try Self.events($0, keys) }
        }
    }

    private static func events(_ db: Database, _ keys: Range<Int64>) throws -> [StoredEvent] {
        let select = try PreparedStatement(
            db,
            """
            SELECT key, source, user_id, event_type, timestamp FROM raw_event
            WHERE key >= ? AND key < ? ORDER BY key
            """)
        select.bind(1, keys.lowerBound)
        select.bind(2, keys.upperBound)
        var events: [StoredEvent] = []
        try select.forEachRow { row in
            events.append(
                StoredEvent(
                    source: row.text(1), userID: row.text(2), eventType: row.text(3), timestamp: row.integer(4),
                    offset: row.integer(0) & RowKey.maximumOffset))
            return true
        }
        return events
    }
}

import GRDB
import Stores
import Synchronization

/// What the handles of a log file share.
final class LogCore: FileCore {
    let pool: DatabasePool
    let writer: LogWriter
    let extents = Extents()
    let groups = ConsumerGroups()
    private let topics: Mutex<[String: LogWriter.TopicEntry]>

    init(path: String) throws {
        pool = try SQLiteFile.open(path, cacheSize: 16 * 1024)
        do {
            try LogSchema.migrator.migrate(pool)
            let (known, marks) = try pool.read { try (LogQueries.topics($0), LogQueries.extents($0)) }
            topics = Mutex(known)
            extents.load(marks)
        } catch {
            throw Stores.DatabaseError.embedded(error, "the log could not be read")
        }
        writer = LogWriter(pool: pool, extents: extents)
    }

    func topic(_ name: String) -> LogWriter.TopicEntry? { topics.withLock { $0[name] } }

    /// Makes a topic unless it is there.
    func provision(_ definition: TopicDefinition) async throws -> TopicProvision {
        if let known = topic(definition.name) { return .existed(partitions: known.partitions) }
        let made = try await writer.write { try LogQueries.create($0, definition) }
        guard let (entry, marks) = made else {
            return .existed(partitions: topic(definition.name)?.partitions ?? definition.partitions)
        }
        extents.load(marks)
        topics.withLock { $0[definition.name] = entry }
        return .created
    }

    func close() async {
        await writer.finish()
        try? pool.close()
    }
}

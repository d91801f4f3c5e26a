import Foundation
import GRDB
import Stores
import Synchronization

/// What the handles of a log file share.
final class LogCore: FileCore {
    let pool: DatabasePool
    let writer: GroupCommit<LogAppender>
    let extents = Extents()
    let groups = ConsumerGroups()
    private let topics: Mutex<[String: LogAppender.TopicEntry]>

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
        writer = GroupCommit(
            URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent, pool: pool,
            limit: LogAppender.queueLimit, checkpointPages: 1000
        ) { [extents] in
            try LogAppender($0, extents)
        }
    }

    func topic(_ name: String) -> LogAppender.TopicEntry? { topics.withLock { $0[name] } }

    /// Makes a topic unless it is there.
    func provision(_ definition: TopicDefinition) async throws -> TopicProvision {
        if let known = topic(definition.name) { return .existed(partitions: known.partitions) }
        let isMade = try await writer.submit { [self] db, state in
            guard let (entry, marks) = try LogQueries.create(db, definition) else { return false }
            state.afterCommit { [self] in
                extents.load(marks)
                topics.withLock { $0[definition.name] = entry }
            }
            return true
        }
        return isMade
            ? .created : .existed(partitions: topic(definition.name)?.partitions ?? definition.partitions)
    }

    func close() async {
        await writer.finish()
        try? pool.close()
    }
}

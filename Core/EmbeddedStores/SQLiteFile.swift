import Foundation
import GRDB
import Stores

/// The clock: milliseconds since 1970.
@Sendable func wallClock() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

/// One SQLite file: WAL, and every commit durable before it returns.
enum SQLiteFile {
    /// Opens or makes a file.
    /// - Parameter cacheSize: KiB of the writer's page cache; readers have the kernel's.
    static func open(_ path: String, cacheSize: Int, readers: Int = 4) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.maximumReaderCount = readers
        configuration.busyMode = .timeout(10)
        // A rollup transaction spans awaits, so its statements are executed one by one.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            let isReader = db.configuration.readonly
            try db.execute(sql: "PRAGMA cache_size = -\(isReader ? 2048 : cacheSize)")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction(syncEveryCommit)
            return pool
        } catch {
            throw Stores.DatabaseError.embedded(
                error, "\(URL(fileURLWithPath: path).lastPathComponent) cannot be opened")
        }
    }

    /// FULL: fdatasync of the WAL precedes the return of every commit. Set when the pool is open, because GRDB sets NORMAL
    /// as it turns on the WAL, after `prepareDatabase`.
    private static func syncEveryCommit(_ db: Database) throws {
        try db.execute(sql: "PRAGMA synchronous = FULL")
        guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == 2,
            try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal"
        else {
            throw Stores.DatabaseError(.notDurable, store: "embedded", "SQLite does not sync its commits")
        }
    }
}

import Foundation
import GRDB
import Stores

/// One SQLite file: WAL, and every commit durable before it returns.
enum SQLiteFile {
    /// Opens or makes a file.
    /// - Parameter cacheSize: KiB of page cache of each connection.
    static func open(_ path: String, cacheSize: Int, readers: Int = 4) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.maximumReaderCount = readers
        configuration.busyMode = .timeout(10)
        // A rollup transaction spans awaits, so its statements are executed one by one.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            // FULL: fdatasync of the WAL precedes the return of every commit.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA cache_size = -\(cacheSize)")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        do {
            return try DatabasePool(path: path, configuration: configuration)
        } catch {
            throw Stores.DatabaseError.embedded(
                error, "\(URL(fileURLWithPath: path).lastPathComponent) cannot be opened")
        }
    }
}

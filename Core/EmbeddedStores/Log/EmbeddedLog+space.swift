import GRDB

/// The room that a log takes.
extension EmbeddedLog {
    /// Bytes of the file that hold something: trimmed records' pages, which new records take, do not count.
    public func usedBytes() async throws -> Int64 {
        try await logged("the log's size could not be read") { core in
            try await core.pool.read { try LogQueries.usedBytes($0) }
        }
    }

    /// Bytes of the file that trimmed records have left and new ones will take.
    func unusedBytes() async throws -> Int64 {
        try await logged("the log's size could not be read") { core in
            try await core.pool.read { try LogQueries.unusedBytes($0) }
        }
    }

    /// Gives the room of trimmed records back to the file system. Writes what is left anew: for a log that holds little.
    public func compact() async throws {
        try await logged("the log could not be made smaller") { core in
            try await core.writer.outsideTransactions { db in
                // SQLite prepares the writer's statements anew.
                try db.execute(sql: "VACUUM")
                _ = try db.checkpoint(.truncate)
            }
        }
    }
}

extension LogQueries {
    static func usedBytes(_ db: Database) throws -> Int64 {
        try pragma(db, "page_count") * pragma(db, "page_size") - unusedBytes(db)
    }

    static func unusedBytes(_ db: Database) throws -> Int64 {
        try pragma(db, "freelist_count") * pragma(db, "page_size")
    }

    private static func pragma(_ db: Database, _ name: String) throws -> Int64 {
        try Int64.fetchOne(db, sql: "PRAGMA \(name)") ?? 0
    }
}

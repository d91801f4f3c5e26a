import Foundation
import GRDB
public import Stores
import Synchronization

/// Rollups in one SQLite file, `rollups.db`: the embedded twin of the PostgreSQL store.
public final class EmbeddedRollupStore: RollupStore {
    private let pool: DatabasePool
    private let gate = TransactionGate()
    private let isClosed = Mutex(false)

    /// Opens or makes the file.
    /// - Throws: `DatabaseError` where the file cannot be opened.
    public init(path: String) throws {
        pool = try SQLiteFile.open(path, cacheSize: 32 * 1024)
    }

    public func provision(timeZone: String) async throws {
        try checkOpen()
        try await gate.enter {
            try await perform("the rollups could not be provisioned") { [pool] in
                try RollupSchema.migrator.migrate(pool)
                try await pool.write { db in
                    try db.execute(
                        sql: "INSERT OR IGNORE INTO rollup_state (only, time_zone) VALUES (1, ?)", arguments: [timeZone]
                    )
                    let fixed = try RollupQueries.state(db).timeZone
                    guard fixed == timeZone else {
                        throw Stores.DatabaseError(
                            .invalidConfiguration, store: "embedded",
                            "REPORTING_TIMEZONE is \(timeZone), but the rollups are cut in \(fixed)")
                    }
                }
            }
        }
    }

    public func withTransaction<Value: Sendable>(
        _ body: @Sendable (any RollupTransaction) async throws -> Value
    ) async throws -> Value {
        try checkOpen()
        return try await gate.enter {
            try await execute("BEGIN IMMEDIATE")
            do {
                let value = try await body(EmbeddedRollupTransaction(pool: pool))
                try await execute("COMMIT")
                return value
            } catch {
                // A failed COMMIT may have rolled back by itself.
                try? await execute("ROLLBACK")
                throw error
            }
        }
    }

    private func execute(_ sql: String) async throws {
        try await perform(sql) { [pool] in
            try await pool.writeWithoutTransaction { db in try db.execute(sql: sql) }
        }
    }

    public func withReader<Value: Sendable>(
        _ body: @Sendable (any RollupReader) async throws -> Value
    ) async throws -> Value {
        try checkOpen()
        let snapshot = try await perform("no snapshot of the rollups") { [pool] in try pool.makeSnapshot() }
        return try await body(EmbeddedRollupReader(snapshot))
    }

    public func checkHealth() async throws {
        try await withReader { _ = try await $0.state() }
    }

    public func close() async {
        guard !isClosed.exchange(true) else { return }
        await gate.enter { try? pool.close() }
    }

    private func checkOpen() throws {
        if isClosed.withLock({ $0 }) {
            throw Stores.DatabaseError(.closed, store: "embedded", "the rollups are closed")
        }
    }
}

extension Mutex where Value == Bool {
    func exchange(_ new: Bool) -> Bool {
        withLock { value in
            defer { value = new }
            return value
        }
    }
}

/// Runs work, and says in the stores' terms what went wrong.
func perform<Value: Sendable>(
    _ doing: String, _ work: @Sendable () async throws -> Value
) async throws -> Value {
    do {
        return try await work()
    } catch let error as CancellationError {
        throw error
    } catch {
        throw Stores.DatabaseError.embedded(error, doing)
    }
}

import GRDB
import Stores
import Threading

/// The one writer of `rollups.db`, on a thread of its own: a cancelled task must not keep a transaction from its end,
/// and GRDB's asynchronous calls refuse to run in one.
actor RollupWriter {
    private let thread = DedicatedThread(name: "rollup-writer")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let pool: DatabasePool
    /// What went wrong first in the transaction under way. As in PostgreSQL, such a transaction cannot commit.
    private var failure: (any Error)?

    init(pool: DatabasePool) { self.pool = pool }

    func begin() throws {
        failure = nil
        try execute("BEGIN IMMEDIATE")
    }

    /// Runs one statement of the transaction under way.
    func run<Value: Sendable>(_ work: @Sendable (Database) throws -> Value) throws -> Value {
        try Task.checkCancellation()
        if let failure { throw failure }
        do { return try pool.writeWithoutTransaction(work) } catch {
            failure = error
            throw error
        }
    }

    func commit() throws {
        if let failure { throw failure }
        try execute("COMMIT")
    }

    /// Undoes the transaction under way; a failed COMMIT may have done so by itself.
    func rollback() {
        try? pool.writeWithoutTransaction { db in
            if db.isInsideTransaction { try db.execute(sql: "ROLLBACK") }
        }
    }

    private func execute(_ sql: String) throws {
        try pool.writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    /// Makes the tables, and fixes the time zone unless there are rollups in another one.
    func provision(_ timeZone: String) throws {
        try RollupSchema.migrator.migrate(pool)
        try pool.write { try RollupWrites.fix($0, timeZone) }
    }
}

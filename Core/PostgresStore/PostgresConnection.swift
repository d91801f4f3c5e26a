internal import Stores
internal import Threading

/// How a transaction begins.
enum TransactionMode: String, Sendable {
    /// READ COMMITTED: a merger waits for the lock on `rollup_state` first, and each later statement then sees all
    /// that former mergers committed. A snapshot taken before the wait would be stale, and fail at the first write.
    case write = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    /// One snapshot for all reads, without locks.
    case read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
}

/// One connection at most, opened when needed and again when it was lost, on a thread of its own.
///
/// Its methods have no suspension points, so calls of one transaction never mix.
actor PostgresConnection {
    private let thread = DedicatedThread(name: "postgresql")
    /// Raised when the task of a statement is cancelled.
    nonisolated let wake: WakeSignal
    private let address: ConnectionString
    private let options: PostgresOptions
    private let telemetry: PostgresTelemetry
    private var handle: PostgresHandle?
    private var transactions = 0
    private var isInTransaction = false
    private var failure: (any Error)?

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ address: ConnectionString, _ options: PostgresOptions, _ telemetry: PostgresTelemetry) throws(DatabaseError)
    {
        self.address = address
        self.options = options
        self.telemetry = telemetry
        wake = try WakeSignal()
    }

    /// Begins a transaction and gives its number. A connection that was lost while idle is opened again.
    func begin(_ mode: TransactionMode) throws -> Int {
        if let handle, handle.isIdle {
            do {
                try handle.script(mode.rawValue)
                return started()
            } catch let error as DatabaseError where error.code == .unreachable {
                // Nothing has been done yet: a new connection may do.
            }
        }
        let fresh = try open()
        try fresh.script(mode.rawValue)
        return started()
    }

    /// Runs a statement of transaction `number`. After a failure, every further one fails alike.
    func run<Value: Sendable>(
        _ statement: PostgresStatement, _ parameters: [PostgresParameter], in number: Int,
        _ decode: @Sendable (PostgresRow) throws -> Value
    ) throws -> [Value] {
        try inTransaction(number) { try $0.run(statement, parameters).rows.map(decode) }
    }

    /// Runs a script in transaction `number`, without a time limit.
    func script(_ sql: String, in number: Int) throws {
        try inTransaction(number) { _ = try $0.script(sql, isUnlimited: true) }
    }

    /// Fails the transaction for a reason that the server does not know: it can no longer commit.
    func fail(_ number: Int, _ error: DatabaseError) {
        if isInTransaction, transactions == number { failure = failure ?? error }
    }

    /// Commits. Throws `.timedOut` where the connection was lost meanwhile: the commit may have happened.
    func commit(_ number: Int) throws {
        guard let handle, isInTransaction, transactions == number else {
            throw DatabaseError.closed("transaction over")
        }
        if let failure { throw failure }
        do {
            let tag = try handle.script("COMMIT").commandTag
            isInTransaction = false
            guard tag == "COMMIT" else {
                throw DatabaseError(postgres: .contended, "the server rolled back", cause: tag)
            }
        } catch let error as DatabaseError where error.code == .unreachable || error.code == .timedOut {
            let message = "the connection was lost during COMMIT, which may have happened"
            throw DatabaseError(postgres: .timedOut, message, cause: error.cause)
        }
    }

    /// Rolls back what is not committed. A connection whose state is not certain afterwards is given up.
    func end(_ number: Int) {
        guard transactions == number else { return }
        isInTransaction = false
        // An unknown error may lie in the session itself, such as a plan prepared for an older table.
        let isSuspect = (failure as? DatabaseError)?.code == .other
        failure = nil
        guard let handle, !handle.isIdle || isSuspect else { return }
        if !isSuspect, handle.isOpen { _ = try? handle.script("ROLLBACK") }
        if isSuspect || !handle.isIdle { self.handle = nil }
    }

    /// Closes the connection; the next `begin` would open another.
    func close() { handle = nil }

    private func open() throws -> PostgresHandle {
        handle = nil
        let fresh = try PostgresHandle(address, options, wake: wake)
        telemetry.connected()
        handle = fresh
        return fresh
    }

    private func started() -> Int {
        transactions += 1
        isInTransaction = true
        failure = nil
        return transactions
    }

    private func inTransaction<Value>(_ number: Int, _ body: (PostgresHandle) throws -> Value) throws -> Value {
        guard let handle, isInTransaction, transactions == number else {
            throw DatabaseError.closed("the transaction is over")
        }
        if let failure { throw failure }
        do {
            return try body(handle)
        } catch {
            failure = error
            throw error
        }
    }
}

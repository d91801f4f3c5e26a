internal import Stores

/// A transaction under way: a connection, and which of its transactions.
struct PostgresSession: Sendable {
    private let connection: PostgresConnection
    private let number: Int

    /// Begins a transaction.
    init(beginning mode: TransactionMode, on connection: PostgresConnection) async throws {
        self.connection = connection
        number = try await connection.begin(mode)
    }

    /// Runs a statement and decodes its rows. Stops waiting when the task is cancelled.
    func rows<Value: Sendable>(
        _ statement: PostgresStatement, _ parameters: [PostgresParameter] = [],
        _ decode: @Sendable (PostgresRow) throws -> Value
    ) async throws -> [Value] {
        try await withTaskCancellationHandler {
            try await connection.run(statement, parameters, in: number, decode)
        } onCancel: {
            connection.wake.raise()
        }
    }

    /// The first column of the only row, an 8-byte integer: mostly how many rows were written.
    func count(_ statement: PostgresStatement, _ parameters: [PostgresParameter] = []) async throws -> Int64 {
        guard let count = try await rows(statement, parameters, { try $0.int64(0) }).first else {
            throw await failing(DatabaseError(postgres: .corrupt, "no row came back", cause: statement.name))
        }
        return count
    }

    /// Runs a script without parameters or time limit.
    func script(_ sql: String) async throws { try await connection.script(sql, in: number) }

    /// Makes the transaction unable to commit, even where the caller swallows the error that is given back.
    func failing(_ error: DatabaseError) async -> DatabaseError {
        await connection.fail(number, error)
        return error
    }

    /// Commits, or throws what keeps it from that.
    func commit() async throws { try await connection.commit(number) }

    /// Lets go, rolling back what is not committed. Runs also in a cancelled task.
    func end() async { await connection.end(number) }
}

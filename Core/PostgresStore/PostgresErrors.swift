internal import Stores

/// The name of the store in `DatabaseError`.
let storeName = "postgresql"

/// What every "not provisioned" error ends with.
let provisionAdvice = "run `tributary provision`"

/// What a failed statement means to the caller. The one place where SQLSTATE is read.
///
/// https://www.postgresql.org/docs/15/errcodes-appendix.html
func code(forSQLState state: String) -> DatabaseError.Code {
    switch state {
    case "23505": .contended  // unique_violation: somebody else added the same row
    case "55P03", "55006": .contended  // lock_not_available, object_in_use
    case "25P03", "57014": .timedOut  // idle_in_transaction_session_timeout, query_canceled
    case "25006": .unreachable  // read_only_sql_transaction: this is a standby, not the primary
    case "3D000": .unreachable  // the database is not there, yet
    case "53300": .unreachable  // too_many_connections
    case "57P01", "57P02", "57P03", "57P04", "57P05": .unreachable  // shutdown, crash, start-up, dropped, idle
    case "42501": .notAuthorized  // insufficient_privilege
    case "3F000", "42P01", "42703", "42704", "42883": .notProvisioned  // no such schema, table, column, type, function
    case "XX001", "XX002": .corrupt  // data_corrupted, index_corrupted
    default: code(forSQLStateClass: state.prefix(2))
    }
}

private func code(forSQLStateClass stateClass: Substring) -> DatabaseError.Code {
    switch stateClass {
    case "08": .unreachable  // connection exception
    case "22", "23", "54": .refusedValue  // data exception, constraint violation, program limit exceeded
    case "28": .notAuthorized  // invalid authorization
    case "40": .contended  // serialization failure, deadlock
    default: .other  // 53 and 58 too: disk full and the like, which may pass
    }
}

extension DatabaseError {
    /// A failure of this store.
    init(postgres code: Code, _ message: String, cause: String = "") {
        self.init(code, store: storeName, message, cause: cause)
    }

    /// The tables are not there, or are older than this program.
    static func notProvisioned(_ cause: String) -> DatabaseError {
        DatabaseError(postgres: .notProvisioned, "not provisioned: \(provisionAdvice)", cause: cause)
    }

    /// The store has been closed, or the transaction is over.
    static func closed(_ what: String) -> DatabaseError { DatabaseError(postgres: .closed, what) }
}

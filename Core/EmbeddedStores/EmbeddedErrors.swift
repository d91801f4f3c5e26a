import GRDB
import Stores

extension Stores.DatabaseError {
    /// What SQLite says, in the stores' own terms.
    static func embedded(_ error: any Error, _ doing: String) -> Stores.DatabaseError {
        if let known = error as? Stores.DatabaseError { return known }
        if error is QueueFull {
            return Stores.DatabaseError(
                .unreachable, store: "embedded", doing, cause: "too much waits to be made durable")
        }
        guard let sqlite = error as? GRDB.DatabaseError else {
            return Stores.DatabaseError(.other, store: "embedded", doing, cause: "\(error)")
        }
        return Stores.DatabaseError(
            code(of: sqlite), store: "embedded", doing,
            cause: "SQLite \(sqlite.extendedResultCode.rawValue): \(sqlite.message ?? "")")
    }

    private static func code(of error: GRDB.DatabaseError) -> Stores.DatabaseError.Code {
        switch error.resultCode {
        case .SQLITE_ERROR where error.message?.hasPrefix("no such table") == true: .notProvisioned
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_INTERRUPT, .SQLITE_ABORT: .contended
        // A full or failing disk: what was not committed is not there, and space may return.
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_NOMEM: .unreachable
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: .notAuthorized
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: .corrupt
        case .SQLITE_TOOBIG, .SQLITE_RANGE, .SQLITE_MISMATCH, .SQLITE_CONSTRAINT: .refusedValue
        default: .other
        }
    }
}

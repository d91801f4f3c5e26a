internal import CPostgres
internal import Stores

/// The one owner of a `PGresult`. Stays on its connection's thread.
final class PostgresResult {
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    /// What the server said no to; `nil` where it did as it was told.
    var failure: DatabaseError? {
        switch PQresultStatus(pointer) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: nil
        default: serverError
        }
    }

    /// The kind of command done, such as `COMMIT`.
    var commandTag: String { String(cString: PQcmdStatus(pointer)) }

    /// The rows, whose values are in binary format.
    var rows: some Sequence<PostgresRow> {
        (0..<PQntuples(pointer)).lazy.map { PostgresRow(result: self, row: $0) }
    }

    /// The bytes of one value; `nil` for NULL. Valid within `body` only.
    fileprivate func value<Value>(
        _ row: Int32, _ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> Value
    ) rethrows -> Value? {
        guard PQgetisnull(pointer, row, column) == 0 else { return nil }
        let length = Int(PQgetlength(pointer, row, column))
        return try body(UnsafeRawBufferPointer(start: PQgetvalue(pointer, row, column), count: length))
    }

    /// The primary message only: details may quote the values of users.
    private var serverError: DatabaseError {
        guard let state = field(tributary_diag_sqlstate()) else {
            let message = String(cString: PQresultErrorMessage(pointer))
            return DatabaseError(postgres: .unreachable, "the connection was lost", cause: oneLine(message))
        }
        let cause = "\(state) \(field(tributary_diag_message_primary()) ?? "")"
        let code = code(forSQLState: state)
        if code == .notProvisioned { return .notProvisioned(cause) }
        return DatabaseError(postgres: code, "a statement failed", cause: cause)
    }

    private func field(_ code: Int32) -> String? { PQresultErrorField(pointer, code).map { String(cString: $0) } }
}

/// One row of a result. Columns count from 0. Reading throws `.corrupt` where a value is of another kind.
struct PostgresRow {
    fileprivate let result: PostgresResult
    fileprivate let row: Int32

    /// `nil` for NULL.
    func optionalText(_ column: Int32) -> String? {
        result.value(row, column) { String(decoding: $0, as: UTF8.self) }
    }

    func int64(_ column: Int32) throws(DatabaseError) -> Int64 { try required(column, optionalInteger(column)) }
    func int32(_ column: Int32) throws(DatabaseError) -> Int32 { try required(column, optionalInteger(column)) }
    func bool(_ column: Int32) throws(DatabaseError) -> Bool {
        try required(column, optionalInteger(column) as Int8?) != 0
    }

    /// NULL is `nil`.
    func optionalInteger<Number: FixedWidthInteger>(_ column: Int32) throws(DatabaseError) -> Number? {
        let number: Number?? = result.value(row, column) { bytes in
            bytes.count == MemoryLayout<Number>.size ? Number(bigEndian: bytes.loadUnaligned(as: Number.self)) : nil
        }
        guard let number else { return nil }
        return try required(column, number)
    }

    func text(_ column: Int32) throws(DatabaseError) -> String {
        try required(column, result.value(row, column) { String(decoding: $0, as: UTF8.self) })
    }

    func bytes(_ column: Int32) throws(DatabaseError) -> [UInt8] {
        try required(column, result.value(row, column) { Array($0) })
    }

    private func required<Value>(_ column: Int32, _ value: Value?) throws(DatabaseError) -> Value {
        guard let value else { throw DatabaseError(postgres: .corrupt, "column \(column) is of another kind") }
        return value
    }
}

/// libpq's messages end with a line break and may have several lines.
func oneLine(_ message: String) -> String {
    message.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix(while: \.isWhitespace) }.joined(separator: "; ")
}

import GRDB
import GRDBSQLite

/// A statement for the paths that every event takes: binds and reads without boxing values.
///
/// Prepared on the writer's connection and used inside its transactions only; finalized with this object, which
/// must go before the connection does.
final class PreparedStatement {
    private let statement: OpaquePointer
    private let connection: OpaquePointer
    /// SQLite copies what is bound before the call returns.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ db: Database, _ sql: String) throws {
        guard let connection = db.sqliteConnection else { throw GRDB.DatabaseError(resultCode: .SQLITE_MISUSE) }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw Self.error(connection, code) }
        self.statement = statement
        self.connection = connection
    }

    deinit { sqlite3_finalize(statement) }

    private static func error(_ connection: OpaquePointer, _ code: Int32) -> GRDB.DatabaseError {
        GRDB.DatabaseError(resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(connection)))
    }

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(statement, index, value) }

    func bind(_ index: Int32, _ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { chars in
                _ = sqlite3_bind_text(statement, index, chars.baseAddress, Int32(chars.count), Self.transient)
            }
        }
    }

    func bind(_ index: Int32, _ text: String?) {
        if let text { bind(index, text) } else { sqlite3_bind_null(statement, index) }
    }

    func bind(_ index: Int32, _ bytes: some Collection<UInt8>) {
        let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            // A null pointer would bind NULL: an empty blob is another thing.
            sqlite3_bind_blob(
                statement, index, buffer.baseAddress ?? UnsafePointer(bitPattern: 1), Int32(buffer.count),
                Self.transient)
        }.map { _ in () }
        if done == nil { bind(index, Array(bytes)) }
    }

    /// Binds bytes without a copy: they must stay where they are until the statement has run.
    func lend(_ index: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
        // A null pointer would bind NULL: an empty blob is another thing.
        sqlite3_bind_blob(
            statement, index, bytes.baseAddress ?? UnsafePointer(bitPattern: 1), Int32(bytes.count), nil)
    }

    func bindNull(_ index: Int32) { sqlite3_bind_null(statement, index) }

    /// Runs a statement without rows, and makes it ready for the next.
    func run() throws {
        let code = sqlite3_step(statement)
        sqlite3_reset(statement)
        guard code == SQLITE_DONE else { throw Self.error(connection, code) }
    }

    /// The rows that the last statement of the connection has changed.
    var changes: Int32 { sqlite3_changes(connection) }

    /// Calls `body` for every row, until it says to stop.
    func forEachRow(_ body: (PreparedStatement) throws -> Bool) throws {
        defer { sqlite3_reset(statement) }
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw Self.error(connection, code) }
            if try !body(self) { return }
        }
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String {
        let count = Int(sqlite3_column_bytes(statement, column))
        guard let bytes = sqlite3_column_text(statement, column) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    /// Whether a column holds these bytes: to Swift, texts of other bytes may be equal.
    func hasText(_ column: Int32, _ text: String) -> Bool {
        withBlob(column) { $0.elementsEqual(text.utf8) }
    }

    func blob(_ column: Int32) -> [UInt8] { withBlob(column) { Array($0) } }

    /// Lends a column's bytes, which are gone with the row.
    func withBlob<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let count = Int(sqlite3_column_bytes(statement, column))
        return body(UnsafeRawBufferPointer(start: sqlite3_column_blob(statement, column), count: count))
    }
}

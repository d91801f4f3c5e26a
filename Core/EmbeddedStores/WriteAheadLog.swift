import GRDB
import GRDBSQLite
import Stores

/// The write-ahead log of a writer's file: how long it is, and its copying into the file.
///
/// SQLite would do that within a commit, and everyone who waits for the commit would wait for it too. Here it is done
/// after they have been told. It never waits for readers: what they still need is copied the next time.
final class WriteAheadLog {
    /// A WAL's file is cut to this many bytes when it begins anew after it was longer.
    static let maximumFileSize = 64 << 20

    /// The pages in the WAL after the last commit.
    private(set) var pages = 0
    private let threshold: Int
    private var due: Int
    private let connection: OpaquePointer

    /// Takes over the copying on a connection.
    /// - Parameter threshold: pages in the WAL at which they are copied.
    init(_ db: Database, threshold: Int) throws {
        guard let connection = db.sqliteConnection else { throw GRDB.DatabaseError(resultCode: .SQLITE_MISUSE) }
        (self.connection, self.threshold, due) = (connection, threshold, threshold)
        try db.execute(sql: "PRAGMA journal_size_limit = \(Self.maximumFileSize)")
        // In place of SQLite's own. It runs on this connection's thread, and is taken off before this object goes.
        sqlite3_wal_hook(
            connection,
            { context, _, _, pages in
                Unmanaged<WriteAheadLog>.fromOpaque(context!).takeUnretainedValue().pages = Int(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { sqlite3_wal_hook(connection, nil, nil) }

    /// Copies the pages where that is due.
    func settle() {
        guard pages >= due else { return }
        var (total, copied): (Int32, Int32) = (0, 0)
        let code = sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_PASSIVE, &total, &copied)
        // When all is copied, the next commit begins the WAL anew. Else readers, or a full disk, are in the way.
        due = code == SQLITE_OK && copied == total ? threshold : pages + threshold
    }
}

import Events
import GRDB
public import Stores

extension EmbeddedRawEventStore {
    /// Offsets in one transaction: it holds up no insert for long.
    private static let forgottenAtOnce: Int64 = 2_000

    public func forget(
        _ user: String, of source: String, as token: String, in window: OffsetWindow, keeping keys: MetadataKeys
    ) async throws -> Int {
        var count = 0
        for part in window.parts(of: Self.forgottenAtOnce) {
            // Looked for beside the writer: most windows have no event of the user.
            guard try await hasEvents(of: user, source, part) else { continue }
            count += try await write("a user could not be forgotten") { db, state in
                try state.forget(db, user, of: source, as: token, in: part, keeping: keys)
            }
        }
        return count
    }

    private func hasEvents(of user: String, _ source: String, _ window: OffsetWindow) async throws -> Bool {
        try await call("events could not be read") { core in
            try await core.pool.read { try !UserEvents.keys($0, user, source, window).isEmpty }
        }
    }
}

/// The events of a user.
enum UserEvents {
    /// Their keys, of those in a window.
    static func keys(_ db: Database, _ user: String, _ source: String, _ window: OffsetWindow) throws -> [Int64] {
        let select = try PreparedStatement(
            db, "SELECT key, user_id, source FROM raw_event WHERE key BETWEEN ? AND ? ORDER BY key")
        var keys: [Int64] = []
        for range in try Stretches.ranges(db, window) {
            select.bind(1, range.keys.lowerBound)
            select.bind(2, range.keys.upperBound)
            try select.forEachRow { row in
                if row.hasText(1, user), row.hasText(2, source) { keys.append(row.integer(0)) }
                return true
            }
        }
        return keys
    }
}

extension RawStatements {
    /// Makes a user's events nobody's, within the transaction under way.
    /// - Returns: how many.
    func forget(
        _ db: Database, _ user: String, of source: String, as token: String, in window: OffsetWindow,
        keeping keys: MetadataKeys
    ) throws -> Int {
        // Or what was there would stay in the file until its place is used again.
        try db.execute(sql: "PRAGMA secure_delete = ON")
        let update = try PreparedStatement(
            db,
            """
            UPDATE raw_event SET user_id = ?, metadata = ?, context = ?, payload_hash = ?, client_timestamp = NULL
            WHERE key = ?
            """)
        let found = try UserEvents.keys(db, user, source, window)
        var blob: [UInt8] = []
        for key in found {
            guard let event = try event(at: key)?.forgotten(as: token, keeping: keys) else { continue }
            update.bind(1, event.userID)
            if let metadata = event.metadata { update.bind(2, metadata) } else { update.bindNull(2) }
            ContextCoding.encode(event.context, into: &blob)
            update.bind(3, blob)
            update.bind(4, event.payloadHash.bytes)
            update.bind(5, key)
            try update.run()
        }
        return found.count
    }
}

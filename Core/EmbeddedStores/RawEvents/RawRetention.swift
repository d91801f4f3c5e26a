import GRDB
import Stores

/// Drops raw events that have expired. A partition's rows lie together in order of storing, so those are the first ones
/// of each stretch: whole pages that are used again.
final class RawRetention {
    private let oldest: PreparedStatement
    private let delete: PreparedStatement
    private let find: PreparedStatement

    init(_ db: Database) throws {
        oldest = try PreparedStatement(
            db, "SELECT key, stored_at FROM raw_event WHERE key >= ? AND key < ? ORDER BY key LIMIT ?")
        find = try PreparedStatement(db, "SELECT 1 FROM raw_event WHERE key = ?")
        delete = try PreparedStatement(db, "DELETE FROM raw_event WHERE key >= ? AND key < ?")
    }

    /// Drops a slice within the transaction under way.
    /// - Returns: how many events.
    func expire(
        _ stretches: Stretches, before cutoff: Int64, below bounds: [PartitionEpoch: Int64], atMost limit: Int
    ) throws -> Int {
        var count = 0
        for keys in stretches.keys(below: bounds) where count < limit {
            var end: Int64?
            oldest.bind(1, keys.lowerBound)
            oldest.bind(2, keys.upperBound)
            oldest.bind(3, Int64(limit - count))
            try oldest.forEachRow { row in
                guard row.integer(1) < cutoff else { return false }
                end = row.integer(0) + 1
                return true
            }
            guard let end else { continue }
            delete.bind(1, keys.lowerBound)
            delete.bind(2, end)
            try delete.run()
            count += Int(delete.changes)
        }
        return count
    }

    /// Whether there is an event of this key.
    func isThere(_ key: Int64) throws -> Bool {
        var isThere = false
        find.bind(1, key)
        try find.forEachRow { _ in
            isThere = true
            return false
        }
        return isThere
    }
}

import Events
import Foundation
import GRDB
import Stores

/// The reads, alike inside and outside a writing transaction.
enum RollupQueries {
    static func state(_ db: Database) throws -> RollupState {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT time_zone, complete_through, revision, forgotten, zone_rules FROM rollup_state")
        else {
            throw notProvisioned
        }
        return RollupState(
            timeZone: row[0], zoneRules: row[4], completeThrough: row[1], revision: row[2], forgotten: row[3])
    }

    static var notProvisioned: Stores.DatabaseError {
        Stores.DatabaseError(.notProvisioned, store: "embedded", "the rollups are not there: provision first")
    }

    static func cursors(_ db: Database) throws -> [RollupCursor] {
        let sql = "SELECT epoch, partition, next_offset, folded_stored FROM rollup_cursor ORDER BY epoch, partition"
        return try Row.fetchAll(db, sql: sql).map { row in
            RollupCursor(
                partition: PartitionEpoch(epoch: row[0], partition: row[1]), nextOffset: row[2], foldedStored: row[3])
        }
    }

    static func forgettings(_ db: Database) throws -> [Forgetting] {
        let sql = "SELECT source, user_hash, token FROM forgetting ORDER BY source, user_hash"
        return try Row.fetchAll(db, sql: sql).map { row in
            guard let user = Digest128(bytes: bytes(row, 1)) else {
                throw Stores.DatabaseError(.corrupt, store: "embedded", "a hash is of another size")
            }
            return Forgetting(source: row[0], user: user, token: row[2])
        }
    }

    static func sources(_ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT source FROM rollup_source ORDER BY source")
    }

    static func counts(
        _ db: Database, _ granularity: Granularity, _ periods: ClosedRange<PeriodNumber>, _ sources: [String]?,
        _ dimension: String, _ value: String
    ) throws -> [(key: RollupKey, counts: RollupCounts)] {
        var sql = """
            SELECT source, period, events, visitors FROM rollup
            WHERE granularity = ? AND dimension = ? AND value = ? AND period BETWEEN ? AND ?
            """
        var arguments: StatementArguments = [
            granularity.rawValue, dimension, value, periods.lowerBound, periods.upperBound,
        ]
        if let sources {
            sql += " AND source IN (\(databaseQuestionMarks(count: sources.count)))"
            arguments += StatementArguments(sources)
        }
        return try Row.fetchAll(db, sql: sql + " ORDER BY source, period", arguments: arguments).map { row in
            let key = RollupKey(
                source: row[0], granularity: granularity, period: row[1], dimension: dimension, value: value)
            return (key, RollupCounts(events: row[2], visitors: row[3]))
        }
    }

    static func rows(
        _ db: Database, _ granularity: Granularity, _ periods: ClosedRange<PeriodNumber>, _ sources: [String]?,
        _ dimension: String?
    ) throws -> [(key: RollupKey, counts: RollupCounts)] {
        var window = PeriodWindow(granularity, periods, sources)
        if let dimension { window.require("dimension = ?", [dimension]) }
        return try Row.fetchAll(
            db, sql: "SELECT source, period, dimension, value, events, visitors FROM rollup WHERE \(window.condition)",
            arguments: window.arguments
        ).map { row in
            (key(row, granularity), RollupCounts(events: row[4], visitors: row[5]))
        }.sorted { $0.key < $1.key }
    }

    static func setKeys(
        _ db: Database, _ granularity: Granularity, _ periods: ClosedRange<PeriodNumber>, _ sources: [String]?
    ) throws -> [RollupKey] {
        let window = PeriodWindow(granularity, periods, sources)
        return try Row.fetchAll(
            db, sql: "SELECT source, period, dimension, value FROM visitor_set WHERE \(window.condition)",
            arguments: window.arguments
        ).map { key($0, granularity) }.sorted()
    }

    /// From the deltas on: of sets there are many more.
    static func keysWithDeltas(
        _ db: Database, _ granularity: Granularity, before period: PeriodNumber, limit: Int
    ) throws -> [RollupKey] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT s.source, s.period, s.dimension, s.value
                FROM (SELECT DISTINCT set_id FROM visitor_set_delta) d CROSS JOIN visitor_set s USING (set_id)
                WHERE s.granularity = ? AND s.period < ? LIMIT ?
                """, arguments: [granularity.rawValue, period, limit]
        ).map { key($0, granularity) }
    }

    private static func key(_ row: Row, _ granularity: Granularity) -> RollupKey {
        RollupKey(source: row[0], granularity: granularity, period: row[1], dimension: row[2], value: row[3])
    }

    static func recordedValues(
        _ db: Database, _ values: [DimensionWeek: [String]]
    ) throws -> [DimensionWeek: Set<ExactText>] {
        let statement = try db.cachedStatement(
            sql: "SELECT 1 FROM dimension_value WHERE source = ? AND dimension = ? AND week = ? AND value = ?")
        var recorded: [DimensionWeek: Set<ExactText>] = [:]
        for (week, values) in values {
            recorded[week] = Set(
                try values.filter { value in
                    try Int.fetchOne(statement, arguments: [week.source, week.dimension, week.week, value]) != nil
                }.map { ExactText($0) })
        }
        return recorded
    }

    static func sets(_ db: Database, _ keys: [RollupKey]) throws -> [RollupKey: StoredSet] {
        let chunks = try db.cachedStatement(sql: "SELECT chunk, bitmap FROM visitor_set_chunk WHERE set_id = ?")
        let deltas = try db.cachedStatement(
            sql: "SELECT bitmap FROM visitor_set_delta WHERE set_id = ? ORDER BY sequence")
        var sets: [RollupKey: StoredSet] = [:]
        for key in keys {
            guard let id = try setID(db, key) else { continue }
            var set = StoredSet()
            for row in try Row.fetchAll(chunks, arguments: [id]) { set.chunks[UInt16(row[0] as Int)] = bytes(row, 1) }
            set.deltas = try Row.fetchAll(deltas, arguments: [id]).map { bytes($0, 0) }
            sets[key] = set
        }
        return sets
    }

    static func setID(_ db: Database, _ key: RollupKey) throws -> Int64? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT set_id FROM visitor_set
                WHERE granularity = ? AND dimension = ? AND value = ? AND source = ? AND period = ?
                """)
        return try Int64.fetchOne(
            statement, arguments: [key.granularity.rawValue, key.dimension, key.value, key.source, key.period])
    }

    static func visitors(
        _ db: Database, _ source: String, _ users: [Digest128]
    ) throws -> [Digest128: VisitorRecord] {
        let statement = try db.cachedStatement(
            sql: "SELECT number, first_day FROM visitor WHERE source = ? AND user_hash = ?")
        var found: [Digest128: VisitorRecord] = [:]
        found.reserveCapacity(users.count)
        // In the table's order: a page is then read once for all that are on it, however many others there are.
        for user in users.sorted() {
            if let row = try Row.fetchOne(statement, arguments: [source, Data(user.bytes)]) {
                found[user] = VisitorRecord(number: row[0], firstDay: row[1])
            }
        }
        return found
    }

    static func newVisitors(
        _ db: Database, _ days: ClosedRange<PeriodNumber>, _ sources: [String]?
    ) throws -> [NewVisitors] {
        var sql = "SELECT source, day, visitors FROM new_visitors WHERE day BETWEEN ? AND ? AND visitors > 0"
        var arguments: StatementArguments = [days.lowerBound, days.upperBound]
        if let sources {
            sql += " AND source IN (\(databaseQuestionMarks(count: sources.count)))"
            arguments += StatementArguments(sources)
        }
        return try Row.fetchAll(db, sql: sql + " ORDER BY source, day", arguments: arguments).map { row in
            NewVisitors(source: row[0], day: row[1], visitors: row[2])
        }
    }

    private static func bytes(_ row: Row, _ column: Int) -> [UInt8] {
        (try? row.withUnsafeData(atIndex: column) { Array($0 ?? Data()) }) ?? []
    }
}

/// The condition on granularity, periods and sources that reads and removals share.
struct PeriodWindow {
    private(set) var condition = "granularity = ? AND period BETWEEN ? AND ?"
    private(set) var arguments: StatementArguments

    init(_ granularity: Granularity, _ periods: ClosedRange<PeriodNumber>, _ sources: [String]?) {
        arguments = [granularity.rawValue, periods.lowerBound, periods.upperBound]
        if let sources { require("source IN (\(databaseQuestionMarks(count: sources.count)))", sources) }
    }

    mutating func require(_ condition: String, _ texts: [String]) {
        self.condition += " AND \(condition)"
        arguments += StatementArguments(texts)
    }
}

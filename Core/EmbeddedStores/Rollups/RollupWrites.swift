import Events
import Foundation
import GRDB
import Stores

/// The writes of a merging transaction.
enum RollupWrites {
    /// Fixes the reporting time zone and its rules; they may change until something has been counted by them.
    static func fix(_ db: Database, _ timeZone: String) throws {
        guard let calendar = ReportingCalendar(timeZone) else {
            throw Stores.DatabaseError(
                .invalidConfiguration, store: "embedded", "'\(timeZone)' is no time zone that is known here")
        }
        try db.execute(
            sql: "INSERT OR IGNORE INTO rollup_state (only, time_zone, zone_rules) VALUES (1, ?, ?)",
            arguments: [timeZone, calendar.rules])
        let isUsed = try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT * FROM rollup) OR EXISTS (SELECT * FROM rollup_cursor)")
        if isUsed == true { try RollupQueries.state(db).check(calendar) }
        try setTimeZone(db, calendar)
    }

    private static func setTimeZone(_ db: Database, _ calendar: ReportingCalendar) throws {
        try db.execute(
            sql: "UPDATE rollup_state SET time_zone = ?, zone_rules = ?",
            arguments: [calendar.identifier, calendar.rules])
    }

    static func recut(
        _ db: Database, _ calendar: ReportingCalendar, _ first: PeriodNumber?, keeping firstDays: Bool
    ) throws {
        let kept = "granularity = 'interval' AND period < \(first ?? PeriodNumber.min)"
        let sets = "SELECT set_id FROM visitor_set WHERE NOT (\(kept))"
        try db.execute(
            sql: """
                DELETE FROM visitor_set_chunk WHERE set_id IN (\(sets));
                DELETE FROM visitor_set_delta WHERE set_id IN (\(sets));
                DELETE FROM visitor_set WHERE NOT (\(kept));
                DELETE FROM rollup WHERE NOT (\(kept));
                DELETE FROM dimension_value;
                """)
        if !firstDays {
            try db.execute(
                sql: """
                    UPDATE visitor SET first_day = \(PeriodNumber.laterThanAny);
                    DELETE FROM new_visitors;
                    INSERT INTO new_visitors SELECT source, first_day, count(*) FROM visitor GROUP BY source, first_day;
                    """)
        }
        try setTimeZone(db, calendar)
    }

    /// GRDB binds text up to its first NUL: such a key would be another one's.
    private static func check(_ key: RollupKey) throws {
        for text in [key.source, key.dimension, key.value] { try check(text) }
    }

    private static func check(_ text: String) throws {
        guard !text.utf8.contains(0) else {
            throw Stores.DatabaseError(.refusedValue, store: "embedded", "a rollup's key holds a NUL")
        }
    }

    static func addVisitors(
        _ db: Database, _ users: [(user: Digest128, firstDay: PeriodNumber)], _ source: String
    ) throws -> UInt32 {
        let next = try Int64.fetchOne(
            db,
            sql: """
                INSERT INTO visitor_counter (source, next) VALUES (?, ?)
                ON CONFLICT (source) DO UPDATE SET next = next + excluded.next RETURNING next
                """, arguments: [source, users.count])!
        let first = next - Int64(users.count)
        let insert = try db.cachedStatement(
            sql: "INSERT INTO visitor (source, user_hash, number, first_day) VALUES (?, ?, ?, ?)")
        // Numbered as they come, written in the table's order.
        for (index, user) in users.enumerated().sorted(by: { $0.element.user < $1.element.user }) {
            try insert.execute(arguments: [source, Data(user.user.bytes), first + Int64(index), user.firstDay])
        }
        try countFirstDays(db, users.reduce(into: [:]) { $0[$1.firstDay, default: 0] += 1 }, source)
        return UInt32(first)
    }

    static func beginForgetting(
        _ db: Database, _ user: Digest128, _ source: String, _ token: String
    ) throws -> (forgetting: Forgetting, isVisitor: Bool) {
        let kept = try String.fetchOne(
            db,
            sql: """
                INSERT INTO forgetting (source, user_hash, token) VALUES (?, ?, ?)
                ON CONFLICT (source, user_hash) DO UPDATE SET token = token RETURNING token
                """, arguments: [source, Data(user.bytes), token])
        let forgetting = Forgetting(source: source, user: user, token: kept ?? token)
        let alias = Data(forgetting.alias.bytes)
        try db.execute(
            sql: "UPDATE visitor SET user_hash = ? WHERE source = ? AND user_hash = ?",
            arguments: [alias, source, Data(user.bytes)])
        let isVisitor = try Int.fetchOne(
            db, sql: "SELECT 1 FROM visitor WHERE source = ? AND user_hash = ?", arguments: [source, alias])
        return (forgetting, isVisitor != nil)
    }

    static func endForgetting(_ db: Database, _ forgetting: Forgetting) throws {
        try db.execute(
            sql: "DELETE FROM forgetting WHERE source = ? AND user_hash = ? AND token = ?",
            arguments: [forgetting.source, Data(forgetting.user.bytes), forgetting.token])
        guard db.changesCount == 1 else {
            throw Stores.DatabaseError(.contended, store: "embedded", "the user is not on record any more")
        }
        try db.execute(sql: "UPDATE rollup_state SET forgotten = forgotten + 1")
    }

    static func lowerFirstDays(
        _ db: Database, _ days: [(number: UInt32, firstDay: PeriodNumber)], _ source: String
    ) throws {
        let known = try db.cachedStatement(sql: "SELECT first_day FROM visitor WHERE source = ? AND number = ?")
        let update = try db.cachedStatement(
            sql: "UPDATE visitor SET first_day = ? WHERE source = ? AND number = ?")
        var changes: [PeriodNumber: Int64] = [:]
        for day in days {
            guard let was = try PeriodNumber.fetchOne(known, arguments: [source, day.number]), day.firstDay < was
            else { continue }
            try update.execute(arguments: [day.firstDay, source, day.number])
            changes[was, default: 0] -= 1
            changes[day.firstDay, default: 0] += 1
        }
        try countFirstDays(db, changes, source)
    }

    private static func countFirstDays(_ db: Database, _ changes: [PeriodNumber: Int64], _ source: String) throws {
        let add = try db.cachedStatement(
            sql: """
                INSERT INTO new_visitors (source, day, visitors) VALUES (?, ?, ?)
                ON CONFLICT (source, day) DO UPDATE SET visitors = visitors + excluded.visitors
                """)
        for (day, change) in changes where change != 0 { try add.execute(arguments: [source, day, change]) }
    }

    static func add(_ db: Database, _ changes: [(key: RollupKey, change: RollupCounts)]) throws {
        let upsert = try db.cachedStatement(
            sql: """
                INSERT INTO rollup (granularity, dimension, value, source, period, events, visitors)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (granularity, dimension, value, source, period)
                DO UPDATE SET events = events + excluded.events, visitors = visitors + excluded.visitors
                """)
        for source in Set(changes.map(\.key.source)) {
            try db.execute(sql: "INSERT OR IGNORE INTO rollup_source VALUES (?)", arguments: [source])
        }
        for (key, change) in changes {
            try check(key)
            try upsert.execute(arguments: [
                key.granularity.rawValue, key.dimension, key.value, key.source, key.period, change.events,
                change.visitors,
            ])
        }
    }

    static func recordValues(
        _ db: Database, _ values: [DimensionWeek: [String]], limit: Int
    ) throws -> [DimensionWeek: Set<ExactText>] {
        let insert = try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO dimension_value (source, dimension, week, value) VALUES (?, ?, ?, ?)")
        var recorded = try RollupQueries.recordedValues(db, values)
        for (week, values) in values {
            var room =
                limit
                - (try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM dimension_value WHERE source = ? AND dimension = ? AND week = ?",
                    arguments: [week.source, week.dimension, week.week]) ?? 0)
            for value in values where room > 0 && recorded[week]?.contains(ExactText(value)) != true {
                try check(value)
                try insert.execute(arguments: [week.source, week.dimension, week.week, value])
                recorded[week, default: []].insert(ExactText(value))
                room -= 1
            }
        }
        return recorded
    }

    static func remove(
        _ db: Database, _ granularity: Granularity, _ periods: ClosedRange<PeriodNumber>, _ sources: [String]?
    ) throws {
        let window = PeriodWindow(granularity, periods, sources)
        let sets = "SELECT set_id FROM visitor_set WHERE \(window.condition)"
        for table in ["visitor_set_chunk", "visitor_set_delta"] {
            try db.execute(sql: "DELETE FROM \(table) WHERE set_id IN (\(sets))", arguments: window.arguments)
        }
        for table in ["visitor_set", "rollup"] {
            try db.execute(sql: "DELETE FROM \(table) WHERE \(window.condition)", arguments: window.arguments)
        }
    }

    static func appendDeltas(_ db: Database, _ deltas: [(key: RollupKey, delta: [UInt8])]) throws {
        let insert = try db.cachedStatement(
            sql: """
                INSERT INTO visitor_set_delta (set_id, sequence, bitmap)
                VALUES (?1, (SELECT ifnull(max(sequence), 0) + 1 FROM visitor_set_delta WHERE set_id = ?1), ?2)
                """)
        for (key, delta) in deltas { try insert.execute(arguments: [try makeSet(db, key), Data(delta)]) }
    }

    static func compact(_ db: Database, _ key: RollupKey, _ chunks: [UInt16: [UInt8]]) throws {
        let id = try makeSet(db, key)
        let replace = try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO visitor_set_chunk (set_id, chunk, bitmap) VALUES (?, ?, ?)")
        for (chunk, bitmap) in chunks { try replace.execute(arguments: [id, Int(chunk), Data(bitmap)]) }
        try db.execute(sql: "DELETE FROM visitor_set_delta WHERE set_id = ?", arguments: [id])
    }

    private static func makeSet(_ db: Database, _ key: RollupKey) throws -> Int64 {
        try check(key)
        if let known = try RollupQueries.setID(db, key) { return known }
        try db.execute(
            sql: "INSERT INTO visitor_set (granularity, dimension, value, source, period) VALUES (?, ?, ?, ?, ?)",
            arguments: [key.granularity.rawValue, key.dimension, key.value, key.source, key.period])
        return db.lastInsertedRowID
    }

    static func moveCursors(_ db: Database, _ moves: [(from: RollupCursor?, to: RollupCursor)]) throws {
        for (from, to) in moves {
            if let from {
                try db.execute(
                    sql: """
                        UPDATE rollup_cursor SET next_offset = ?, folded_stored = ?
                        WHERE epoch = ? AND partition = ? AND next_offset = ? AND folded_stored = ?
                        """,
                    arguments: [
                        to.nextOffset, to.foldedStored, to.partition.epoch, to.partition.partition, from.nextOffset,
                        from.foldedStored,
                    ])
            } else {
                try db.execute(
                    sql: """
                        INSERT OR IGNORE INTO rollup_cursor (epoch, partition, next_offset, folded_stored)
                        VALUES (?, ?, ?, ?)
                        """,
                    arguments: [to.partition.epoch, to.partition.partition, to.nextOffset, to.foldedStored])
            }
            guard db.changesCount == 1 else {
                throw Stores.DatabaseError(
                    .contended, store: "embedded", "the cursor of \(to.partition) was moved by another aggregator")
            }
        }
    }
}

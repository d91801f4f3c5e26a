import GRDB
import Stores

/// `dead_letter`: the index of dead letters, by the position of the record that died.
enum DeadLetterTable {
    static func insert(_ db: Database, _ entries: [DeadLetterEntry]) throws {
        // Not GRDB's binding, which ends a text at its first NUL: a faulty event's id may hold one.
        let insert = try PreparedStatement(
            db, "INSERT OR IGNORE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for entry in entries {
            insert.bind(1, Int64(entry.position.epoch))
            insert.bind(2, Int64(entry.position.partition))
            insert.bind(3, entry.position.offset)
            insert.bind(4, Int64(entry.deadLetter.partition))
            insert.bind(5, entry.deadLetter.offset)
            let texts = [entry.stage, entry.reason, entry.message, entry.source, entry.eventID]
            for (index, text) in texts.enumerated() { insert.bind(Int32(6 + index), text) }
            insert.bind(11, entry.failedAt)
            insert.bind(12, entry.state.rawValue)
            try insert.run()
        }
    }

    static func entries(_ db: Database, _ window: OffsetWindow) throws -> [DeadLetterEntry] {
        let select = try PreparedStatement(
            db,
            """
            SELECT * FROM dead_letter WHERE epoch = ? AND partition = ? AND record_offset >= ? AND record_offset < ?
            ORDER BY record_offset
            """)
        select.bind(1, Int64(window.partition.epoch))
        select.bind(2, Int64(window.partition.partition))
        select.bind(3, window.offsets.lowerBound)
        select.bind(4, window.offsets.upperBound)
        return try entries(select)
    }

    static func entries(
        _ db: Database, _ filter: DeadLetterFilter, after last: DeadLetterEntry?, limit: Int
    ) throws -> [DeadLetterEntry] {
        var query = ConditionalQuery(
            "SELECT * FROM dead_letter", orderedBy: "failed_at, epoch, partition, record_offset")
        query.require("state = ?", filter.state?.rawValue)
        query.require("stage = ?", filter.stage)
        query.require("reason = ?", filter.reason)
        query.require("source = ?", filter.source)
        query.require("event_id = ?", filter.eventID)
        if let times = filter.failedAt { query.require("failed_at >= ? AND failed_at < ?", times) }
        if let window = filter.window {
            query.require("epoch = ? AND partition = ?", [window.partition.epoch, window.partition.partition])
            query.require("record_offset >= ? AND record_offset < ?", window.offsets)
        }
        if let last {
            let place = last.position
            query.require(
                "(failed_at, epoch, partition, record_offset) > (?, ?, ?, ?)",
                [last.failedAt, Int64(place.epoch), Int64(place.partition), place.offset])
        }
        return try entries(try query.prepare(db, limit: limit))
    }

    static func move(
        _ db: Database, _ positions: [Position], from: DeadLetterEntry.State, to: DeadLetterEntry.State
    ) throws -> Int {
        let update = try db.cachedStatement(
            sql: """
                UPDATE dead_letter SET state = ? WHERE state = ? AND epoch = ? AND partition = ? AND record_offset = ?
                """)
        var moved = 0
        for position in positions where from != to {
            try update.execute(arguments: [
                to.rawValue, from.rawValue, position.epoch, position.partition, position.offset,
            ])
            moved += db.changesCount
        }
        return moved
    }

    private static func entries(_ select: PreparedStatement) throws -> [DeadLetterEntry] {
        var entries: [DeadLetterEntry] = []
        try select.forEachRow { row in
            entries.append(try entry(row))
            return true
        }
        return entries
    }

    private static func entry(_ row: PreparedStatement) throws -> DeadLetterEntry {
        guard let state = DeadLetterEntry.State(rawValue: row.text(11)) else {
            throw Stores.DatabaseError(.corrupt, store: "embedded", "a dead letter has an unknown state")
        }
        return DeadLetterEntry(
            position: Position(
                epoch: Int32(row.integer(0)), partition: Int32(row.integer(1)), offset: row.integer(2)),
            deadLetter: LogOffset(partition: Int32(row.integer(3)), offset: row.integer(4)), stage: row.text(5),
            reason: row.text(6), message: row.text(7), source: row.text(8), eventID: row.text(9),
            failedAt: row.integer(10), state: state)
    }
}

/// A query whose conditions are given one by one.
private struct ConditionalQuery {
    private enum Value {
        case integer(Int64)
        case text(String)
    }

    private let select: String
    private let order: String
    private var conditions: [String] = []
    private var values: [Value] = []

    init(_ select: String, orderedBy order: String) { (self.select, self.order) = (select, order) }

    /// Adds a condition on a text, if there is one.
    mutating func require(_ condition: String, _ text: String?) {
        guard let text else { return }
        conditions.append(condition)
        values.append(.text(text))
    }

    mutating func require(_ condition: String, _ numbers: [some FixedWidthInteger]) {
        conditions.append(condition)
        values += numbers.map { .integer(Int64($0)) }
    }

    mutating func require(_ condition: String, _ range: Range<Int64>) {
        require(condition, [range.lowerBound, range.upperBound])
    }

    func prepare(_ db: Database, limit: Int) throws -> PreparedStatement {
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        let statement = try PreparedStatement(db, "\(select)\(filter) ORDER BY \(order) LIMIT \(max(0, limit))")
        for (index, value) in values.enumerated() {
            switch value {
            case .integer(let number): statement.bind(Int32(index + 1), number)
            case .text(let text): statement.bind(Int32(index + 1), text)
            }
        }
        return statement
    }
}

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

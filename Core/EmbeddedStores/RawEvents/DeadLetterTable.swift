import GRDB
import Stores

/// `dead_letter`: the index of dead letters, by the position of the record that died.
enum DeadLetterTable {
    static func insert(_ db: Database, _ entry: DeadLetterEntry) throws {
        try db.execute(
            sql: "INSERT OR IGNORE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                try RowKey.key(entry.position), entry.deadLetter.partition, entry.deadLetter.offset, entry.stage,
                entry.reason, entry.message, entry.source, entry.eventID, entry.failedAt, entry.state.rawValue,
            ])
    }

    static func entries(_ db: Database, _ keys: Range<Int64>) throws -> [DeadLetterEntry] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM dead_letter WHERE key >= ? AND key < ? ORDER BY key",
            arguments: [keys.lowerBound, keys.upperBound]
        ).map { row in
            guard let state = DeadLetterEntry.State(rawValue: row[9]) else {
                throw Stores.DatabaseError(.corrupt, store: "embedded", "a dead letter has an unknown state")
            }
            return DeadLetterEntry(
                position: RowKey.position(row[0]), deadLetter: LogOffset(partition: row[1], offset: row[2]),
                stage: row[3], reason: row[4], message: row[5], source: row[6], eventID: row[7], failedAt: row[8],
                state: state)
        }
    }
}

import Events
import Foundation
import GRDB
import Stores
import Threading

/// The one writer of `raw.db`, on a thread of its own.
///
/// Calls that wait while a commit is under way share the next one: each queues its events first and asks for a commit
/// after that, and whoever comes first commits for all.
actor RawWriter {
    /// What a caller holds until its events are committed.
    struct Ticket: Sendable { fileprivate let number: Int }

    private let thread = DedicatedThread(name: "raw-writer")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let pool: DatabasePool
    private var statements: RawStatements?
    private var waiting: [(number: Int, events: [RawEvent])] = []
    private var results: [Int: Result<[InsertVerdict], any Error>] = [:]
    private var nextNumber = 0

    init(pool: DatabasePool) { self.pool = pool }

    func enqueue(_ events: [RawEvent]) -> Ticket {
        defer { nextNumber += 1 }
        waiting.append((nextNumber, events))
        return Ticket(number: nextNumber)
    }

    /// Commits everything that waits, unless that has been done, and tells what became of a ticket's events.
    func commit(_ ticket: Ticket) throws -> [InsertVerdict] {
        if results[ticket.number] == nil { commitAll() }
        return try results.removeValue(forKey: ticket.number)!.get()
    }

    private func commitAll() {
        let batches = waiting
        waiting = []
        do {
            let verdicts = try insert(batches.map(\.events))
            for (batch, verdicts) in zip(batches, verdicts) { results[batch.number] = .success(verdicts) }
        } catch {
            for batch in batches { results[batch.number] = .failure(error) }
        }
    }

    private func insert(_ batches: [[RawEvent]]) throws -> [[InsertVerdict]] {
        try pool.writeWithoutTransaction { db in
            let statements = try prepared(db)
            do {
                var verdicts: [[InsertVerdict]] = []
                try db.inTransaction(.immediate) {
                    verdicts = try batches.map { try $0.map(statements.insert) }
                    try statements.seen.drainSlice()
                    return .commit
                }
                statements.seen.didCommit()
                try swapIfDue(db, statements.seen)
                return verdicts
            } catch {
                statements.seen.didRollBack()
                throw error
            }
        }
    }

    private func swapIfDue(_ db: Database, _ seen: SeenIndex) throws {
        guard seen.isDue else { return }
        try seen.swap { work in
            try db.inTransaction(.immediate) {
                try work()
                return .commit
            }
        }
    }

    private func prepared(_ db: Database) throws -> RawStatements {
        if let statements { return statements }
        let new = try RawStatements(db)
        statements = new
        return new
    }

    /// Runs any other write, alone and in a transaction.
    func write<Value: Sendable>(_ work: @Sendable (Database) throws -> Value) throws -> Value {
        try pool.write(work)
    }

    /// Lets go of statements, which must not outlive the connection.
    func finish() { statements = nil }
}

/// The statements that every event takes.
final class RawStatements {
    let seen: SeenIndex
    private let insertEvent: PreparedStatement
    private let findEvent: PreparedStatement

    init(_ db: Database) throws {
        seen = try SeenIndex(db)
        insertEvent = try PreparedStatement(
            db, "INSERT INTO raw_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        findEvent = try PreparedStatement(db, "SELECT source, event_id, payload_hash FROM raw_event WHERE key = ?")
    }

    /// Inserts an event unless its id is stored.
    func insert(_ event: RawEvent) throws -> InsertVerdict {
        let key: Int64
        do { key = try RowKey.key(event.position) } catch { return .refused(reason: "\(error)") }
        let hash = seen.hash(source: event.source, eventID: event.eventID)
        var verdict: InsertVerdict?
        _ = try seen.anyKey(hash) { stored in
            verdict = try compare(event, key, stored)
            return verdict != nil
        }
        if let verdict { return verdict }
        try insert(event, key)
        try seen.add(hash, key)
        return .stored
    }

    /// What a stored event of the same hash says of this one; `nil` where it is another.
    private func compare(_ event: RawEvent, _ key: Int64, _ stored: Int64) throws -> InsertVerdict? {
        var verdict: InsertVerdict?
        findEvent.bind(1, stored)
        try findEvent.forEachRow { row in
            guard row.text(1) == event.eventID, row.text(0) == event.source else { return false }
            if stored == key {
                verdict = .stored
            } else if row.blob(2) == event.payloadHash.bytes {
                verdict = .duplicate(of: RowKey.position(stored))
            } else {
                verdict = .conflict(with: RowKey.position(stored))
            }
            return false
        }
        return verdict
    }

    private func insert(_ event: RawEvent, _ key: Int64) throws {
        insertEvent.bind(1, key)
        insertEvent.bind(2, event.source)
        insertEvent.bind(3, event.eventID)
        insertEvent.bind(4, event.userID)
        insertEvent.bind(5, event.eventType)
        insertEvent.bind(6, event.timestamp)
        insertEvent.bind(7, event.receivedAt)
        if let metadata = event.metadata { insertEvent.bind(8, metadata) } else { insertEvent.bindNull(8) }
        insertEvent.bind(9, event.context.clientAddress)
        insertEvent.bind(10, event.context.userAgent)
        insertEvent.bind(11, event.payloadHash.bytes)
        insertEvent.bind(12, Int64(Date().timeIntervalSince1970 * 1000))
        try insertEvent.run()
    }
}

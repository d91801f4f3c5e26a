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

    private let options: SeenIndex.Options

    init(pool: DatabasePool, options: SeenIndex.Options) {
        (self.pool, self.options) = (pool, options)
    }

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
                    verdicts = try batches.map { try $0.map { try statements.insert(db, $0) } }
                    try statements.seen.drainSlice()
                    return .commit
                }
                statements.seen.didCommit()
                try swapIfDue(db, statements.seen)
                return verdicts
            } catch {
                try statements.didRollBack(db)
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
        let new = try RawStatements(db, options)
        statements = new
        return new
    }

    /// The stored event of an identity. On the writer's thread, since its index is partly in memory.
    func event(source: String, eventID: String) throws -> RawEvent? {
        try pool.writeWithoutTransaction { db in try prepared(db).event(source: source, eventID: eventID) }
    }

    /// Runs any other write, alone and in a transaction.
    func write<Value: Sendable>(_ work: @Sendable (Database) throws -> Value) throws -> Value {
        try pool.write(work)
    }

    /// Lets go of statements, which must not outlive the connection.
    func finish() { statements = nil }
}

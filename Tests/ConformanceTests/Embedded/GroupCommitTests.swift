import Dispatch
import Foundation
import GRDB
import Stores
import Synchronization
import TestSupport
import Testing

@testable import EmbeddedStores

/// What the one writer of a file promises to all who wait for it.
struct GroupCommitTests {
    @Test("work at fault fails alone, also among others of the same transaction")
    func faults() async throws {
        try await withWriter { writer, _ in
            let results = await withTaskGroup(of: (Int64, Bool).self) { group in
                for number in 0..<Int64(200) {
                    group.addTask {
                        do {
                            try await writer.submit { db, _ in
                                try db.execute(sql: "INSERT INTO number VALUES (?)", arguments: [number])
                                if number % 7 == 0 { throw Deliberate() }
                            }
                            return (number, true)
                        } catch { return (number, false) }
                    }
                }
                return await group.reduce(into: [Int64: Bool]()) { $0[$1.0] = $1.1 }
            }
            #expect(results.allSatisfy { $1 == ($0 % 7 != 0) })
            let stored = try await writer.submit { db, _ in
                try Int64.fetchAll(db, sql: "SELECT value FROM number ORDER BY value")
            }
            #expect(stored == (0..<200).filter { $0 % 7 != 0 })
        }
    }

    @Test("a full queue refuses at once, and work larger than the queue passes when it is empty")
    func limits() async throws {
        try await withWriter(limit: WorkSize(records: 10, bytes: 100)) { writer, _ in
            let gate = DispatchGate()
            let isHeld = Mutex(false)
            async let holder: Void = writer.submit { _, _ in
                isHeld.withLock { $0 = true }
                gate.wait()
            }
            try await eventually("the writer is busy") { isHeld.withLock { $0 } }
            async let large: Void = writer.submit(WorkSize(records: 1_000, bytes: 1_000)) { _, _ in }
            try await eventually("it waits") { writer.waiting.records == 1_000 }
            await #expect(throws: QueueFull.self) {
                try await writer.submit(WorkSize(records: 1, bytes: 1)) { _, _ in }
            }
            gate.open()
            _ = try await (holder, large)
            try await writer.submit(WorkSize(records: 10, bytes: 100)) { _, _ in }
        }
    }

    @Test("the WAL is copied and begun anew while commits go on")
    func checkpoints() async throws {
        try await withWriter(checkpointPages: 50) { writer, path in
            for round in 0..<200 {
                try await writer.submit { db, _ in
                    try db.execute(
                        sql: "INSERT INTO bytes VALUES (?, zeroblob(20000))", arguments: [round])
                }
            }
            let size = try FileManager.default.attributesOfItem(atPath: "\(path)-wal")[.size] as? Int
            // Five pages and a few more a round: 1,000 without copying.
            #expect(try #require(size) < 120 * EmbeddedMetrics.walPageSize)
        }
    }

    private func withWriter(
        limit: WorkSize = WorkSize(records: 10_000, bytes: 1 << 20), checkpointPages: Int = 1_000,
        _ body: (GroupCommit<Nothing>, String) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let path = "\(directory.path)/test.db"
            let pool = try SQLiteFile.open(path, cacheSize: 1024)
            try await pool.write { db in
                try db.execute(
                    sql:
                        "CREATE TABLE number (value INTEGER PRIMARY KEY); CREATE TABLE bytes (round INTEGER, value BLOB)"
                )
            }
            let writer = GroupCommit("test", pool: pool, limit: limit, checkpointPages: checkpointPages) { _ in
                Nothing()
            }
            do { try await body(writer, path) } catch {
                await writer.finish()
                throw error
            }
            await writer.finish()
            await #expect(throws: QueueFull.self) { try await writer.submit { _, _ in } }
            try pool.close()
        }
    }
}

/// A writer that keeps nothing.
private final class Nothing: WriterState {
    func willCommit(_ db: Database) {}
    func didCommit() {}
    func didRollBack(_ db: Database) {}
    func settle(_ db: Database) -> Bool { false }
}

/// Holds up a thread.
private final class DispatchGate: @unchecked Sendable {  // a semaphore is its own synchronisation
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() { semaphore.wait() }
    func open() { semaphore.signal() }
}

import Foundation
import GRDB
import Stores
import TestSupport
import Testing

@testable import EmbeddedStores

/// A file that cannot grow: SQLite refuses a page as it does on a full disk.
struct DiskFullTests {
    @Test("a full log refuses appends, keeps what it has, and goes on when space returns")
    func log() async throws {
        try await TemporaryDirectory.with { directory in
            let path = "\(directory.path)/log.db"
            var log = try EmbeddedLog(path: path)
            _ = try await log.provision([
                TopicDefinition(name: Topic.checked.rawValue, partitions: 3, replicationFactor: 1, configuration: [:])
            ])
            try await log.file.core.writer.submit { db, _ in try limitPages(db, 100) }
            var acknowledged: [LogOffset] = []
            let error = await #expect(throws: EventLogError.self) {
                for round in 0..<10_000 {
                    acknowledged += try await log.produce(RecordBatch("r\(round).", 20), to: .checked)
                }
            }
            #expect(error?.code == .unreachable)
            #expect(!acknowledged.isEmpty)
            #expect(try await log.records(at: acknowledged, in: .checked).count == acknowledged.count)
            let extents = try await log.watermarks(of: .checked, partitions: [0, 1, 2])
            #expect(extents.values.reduce(0) { $0 + $1.high } == acknowledged.count)
            try await log.file.core.writer.submit { db, _ in try limitPages(db, 1 << 30) }
            acknowledged += try await log.produce(RecordBatch("more", 20), to: .checked)
            await log.close()
            log = try EmbeddedLog(path: path)
            #expect(try await log.records(at: acknowledged, in: .checked).count == acknowledged.count)
            let verdict = try await log.file.core.writer.submit { db, _ in try integrity(db) }
            #expect(verdict == "ok")
            await log.close()
        }
    }

    /// Of several that share a transaction, too: and a verdict given stays true.
    @Test("full raw events refuse inserts and moves, and the same are taken when space returns")
    func raw() async throws {
        try await TemporaryDirectory.with { directory in
            let path = "\(directory.path)/raw.db"
            let options = SeenIndex.Options(capacity: 50)
            var raw = try EmbeddedRawEventStore(path: path, options)
            var progress = try await raw.beginEpoch(IngestProgress(partition: .first, first: 0))
            try await raw.file.core.writer.submit { db, _ in try limitPages(db, 120) }
            var offset: Int64 = 0
            let error = await #expect(throws: Stores.DatabaseError.self) {
                while offset < 100_000 {
                    let events = (offset..<offset + 20).map { RawEvent.sample("e\($0)", at: $0) }
                    let verdicts = try await raw.insert(events)
                    #expect(verdicts == Array(repeating: .stored, count: 20))
                    let next = progress.advanced(by: 20, batch: "\(offset)")
                    let outcome = try await raw.advance(from: progress, to: next)
                    #expect(outcome == .advanced)
                    progress = next
                    offset += 20
                }
            }
            #expect(error?.code == .unreachable && error?.isTransient == true)
            #expect(offset > 0)
            try await raw.file.core.writer.submit { db, _ in try limitPages(db, 1 << 30) }
            let again = (0..<offset + 20).map { RawEvent.sample("e\($0)", at: $0) }
            #expect(try await raw.insert(again).allSatisfy { $0 == .stored })
            await raw.close()
            raw = try EmbeddedRawEventStore(path: path, options)
            #expect(try await raw.latestProgress(of: [0])[0]?.stored == offset)
            let window = OffsetWindow(partition: .first, offsets: 0..<100_000)
            let stored = try await raw.withConsistentReader { try await $0.events(in: window) }.map(\.offset)
            #expect(stored == Array(0..<offset + 20))
            let verdict = try await raw.file.core.writer.submit { db, _ in try integrity(db) }
            #expect(verdict == "ok")
            await raw.close()
        }
    }
}

private func limitPages(_ db: Database, _ count: Int) throws {
    _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(count)")
}

private func integrity(_ db: Database) throws -> String? { try String.fetchOne(db, sql: "PRAGMA integrity_check") }

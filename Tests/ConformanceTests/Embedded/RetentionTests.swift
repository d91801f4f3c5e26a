import Events
import GRDB
import Stores
import TestSupport
import Testing

@testable import EmbeddedStores

/// Retention of a whole directory: what it drops, and what it must not.
struct RetentionTests {
    private static let day: Int64 = 24 * 3600 * 1000
    private static let start: Int64 = 1_700_000_000_000

    @Test("age alone drops nothing: the worker's progress and the rollups' cursor come first")
    func bounds() async throws {
        try await withDirectory { directory in
            try await Self.fill(directory, 0..<100, at: Self.start)
            let late = Self.start + 400 * Self.day
            #expect(try await Self.expire(directory, late) == Expired())
            let begun = try await directory.raw.beginEpoch(IngestProgress(partition: .first, first: 0))
            let next = begun.advanced(by: 60, batch: "a")
            #expect(try await directory.raw.advance(from: begun, to: next) == .advanced)
            // Neither the last record before the progress nor any raw event: nothing is folded yet.
            #expect(try await Self.expire(directory, late) == Expired(records: 59))
            #expect(try await Self.extent(directory) == Watermarks(low: 59, high: 100))
            try await directory.rollups.withTransaction { try await $0.moveCursors([(nil, cursor(0, 40))]) }
            #expect(try await Self.expire(directory, late).events == 40)
            #expect(try await Self.offsets(directory) == Array(40..<100))
            #expect(try await Self.expire(directory, late) == Expired())
        }
    }

    @Test("what is younger stays, and the dead letters' topic has its own time")
    func ages() async throws {
        try await withDirectory { directory in
            try await Self.fill(directory, 0..<50, at: Self.start)
            let letters = RecordBatch([
                PlainRecord(value: [1], timestamp: Self.start, place: LogOffset(partition: 0, offset: -1))
            ])
            _ = try await directory.log.produce(letters, to: .deadLetters)
            try await Self.account(directory, for: 50)
            #expect(try await Self.expire(directory, Self.start + 7 * Self.day) == Expired())
            #expect(try await Self.expire(directory, Self.start + 8 * Self.day) == Expired(records: 49))
            #expect(try await Self.expire(directory, Self.start + 31 * Self.day) == Expired(records: 1))
            #expect(try await Self.offsets(directory).count == 50)
        }
    }

    /// As under steady load: what comes takes the room of what goes, also that of the index.
    @Test("files do not grow for ever, and ids come and go with their events")
    func steadyLoad() async throws {
        let clock = TestClock(Self.start)
        var options = SeenIndex.Options(capacity: 200, generationSpan: Self.day / 2)
        options.now = clock.now
        try await withDirectory(options) { directory in
            var sizes: [Int] = []
            var progress = try await directory.raw.beginEpoch(IngestProgress(partition: .first, first: 0))
            for round in 0..<24 {
                let first = Int64(round) * 1_000
                try await Self.fill(directory, first..<first + 1_000, at: clock.now())
                let new = progress.advanced(by: 1_000, batch: "\(round)")
                _ = try await directory.raw.advance(from: progress, to: new)
                progress = new
                try await directory.rollups.withTransaction { transaction in
                    let old = round == 0 ? nil : cursor(0, first)
                    try await transaction.moveCursors([(old, cursor(0, first + 1_000))])
                }
                clock.advance(by: Self.day)
                _ = try await directory.expire(at: clock.now(), rawRetention: 3 * Self.day)
                sizes.append(try await Self.size(directory))
            }
            #expect(sizes[23] <= sizes[10] * 11 / 10, "\(sizes)")
            // The id of an event that is gone is free again; that of one which is there is not.
            let old = RawEvent.sample("e5", at: 100_000)
            let young = RawEvent.sample("e23500", at: 100_001)
            let verdicts = try await directory.raw.insert([old, young])
            #expect(verdicts[0] == .stored)
            #expect(verdicts[1] == .duplicate(of: Position(epoch: 1, partition: 0, offset: 23_500)))
        }
    }

    private func withDirectory(
        _ options: SeenIndex.Options = SeenIndex.Options(now: { Self.start }),
        _ body: (DataDirectory) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { place in
            let directory = try DataDirectory(path: place.path, options)
            _ = try await directory.log.provision(TopicDefinition.contract)
            try await directory.rollups.provision(timeZone: "UTC")
            do { try await body(directory) } catch {
                await directory.close()
                throw error
            }
            await directory.close()
        }
    }

    /// Records and their events at the offsets of partition 0.
    private static func fill(_ directory: DataDirectory, _ offsets: Range<Int64>, at time: Int64) async throws {
        let records = offsets.map {
            PlainRecord(
                value: Array("e\($0) \(String(repeating: "x", count: 300))".utf8), timestamp: time,
                place: LogOffset(partition: 0, offset: -1))
        }
        _ = try await directory.log.produce(RecordBatch(records), to: .userEvents)
        let verdicts = try await directory.raw.insert(offsets.map { .sample("e\($0)", at: $0) })
        #expect(verdicts.allSatisfy { $0 == .stored })
    }

    private static func account(_ directory: DataDirectory, for count: Int64) async throws {
        let begun = try await directory.raw.beginEpoch(IngestProgress(partition: .first, first: 0))
        _ = try await directory.raw.advance(from: begun, to: begun.advanced(by: count, batch: "all"))
        try await directory.rollups.withTransaction { try await $0.moveCursors([(nil, cursor(0, count))]) }
    }

    private static func expire(_ directory: DataDirectory, _ now: Int64) async throws -> Expired {
        try await directory.expire(at: now, rawRetention: 90 * day)
    }

    private static func extent(_ directory: DataDirectory) async throws -> Watermarks? {
        try await directory.log.watermarks(of: .userEvents, partitions: [0])[0]
    }

    private static func offsets(_ directory: DataDirectory) async throws -> [Int64] {
        let window = OffsetWindow(partition: .first, offsets: 0..<1_000_000)
        return try await directory.raw.withConsistentReader { try await $0.events(in: window) }.map(\.offset)
    }

    private static func size(_ directory: DataDirectory) async throws -> Int {
        let log = try await directory.log.file.core.writer.submit { db, _ in try pages(db) }
        let raw = try await directory.raw.file.core.writer.submit { db, _ in try pages(db) }
        return log + raw
    }

    private static func pages(_ db: Database) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0 }
}

import Events
import Logging
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// A pass over models: the numbers move only with the books.
struct PassTests {
    private let raw = RawEventStoreModel()
    private let rollups: RollupStoreModel
    private let merger: Merger

    init() {
        rollups = RollupStoreModel(timeZone: "Asia/Kathmandu")
        merger = Merger(store: rollups)
    }

    private func run(timeZone: String = "Asia/Kathmandu", transactionSize: Int64 = 200_000) async throws -> PassReport {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try await AggregationPass(
            raw: raw, merger: merger, calendar: ReportingCalendar(timeZone)!, dimensions: Dimensions(),
            parallelism: 2, logger: logger, transactionSize: transactionSize
        ).run()
    }

    /// Stores events from an offset on; the books say that there are so many, rightly or not.
    private func store(
        _ events: [StoredEvent], partition: Int32 = 0, booked: Int64? = nil
    ) async throws {
        let epoch = PartitionEpoch(epoch: 1, partition: partition)
        let old = try await raw.beginEpoch(IngestProgress(partition: epoch, first: 0))
        let raws = events.enumerated().map { index, event in
            RawEvent(
                source: event.source, eventID: "\(partition)-\(old.next + Int64(index))", userID: event.userID,
                eventType: event.eventType, timestamp: event.timestamp, receivedAt: 0, metadata: nil,
                context: EventContext(),
                position: Position(epoch: 1, partition: partition, offset: old.next + Int64(index)),
                payloadHash: Digest128(high: 0, low: 0))
        }
        _ = try await raw.insert(raws)
        var new = old
        new.next += Int64(events.count)
        new.stored += booked ?? Int64(events.count)
        new.batch = "batch \(new.next)"
        #expect(try await raw.advance(from: old, to: new) == .advanced)
    }

    @Test func passAfterPassIsARecount() async throws {
        var random = SeededRandom.announced()
        var all: [StoredEvent] = []
        for _ in 0..<5 {
            var stored = 0
            for partition in Int32(0)..<3 {
                let events = random.plainEvents(Int.random(in: 0...60, using: &random))
                guard !events.isEmpty else { continue }
                try await store(events, partition: partition)
                all += events
                stored += events.count
            }
            let report = try await run()
            #expect(report.events == stored)
            #expect(report.mismatches == 0)
            #expect(try Recount(rollups.tables) == Recount(all, timeZone: "Asia/Kathmandu"))
        }
        let revision = rollups.tables.state.revision
        #expect(try await run() == PassReport())
        #expect(rollups.tables.state.revision == revision, "nothing new, nothing changed")
    }

    @Test(arguments: [-1, 1] as [Int64])
    func aWindowThatIsNotWhatTheBooksSayIsLeftAlone(difference: Int64) async throws {
        var random = SeededRandom.announced()
        let good = random.plainEvents(20)
        try await store(random.plainEvents(10), partition: 0, booked: 10 + difference)
        try await store(good, partition: 1)
        let report = try await run()
        #expect(report.mismatches == 1)
        #expect(report.events == 20)
        #expect(rollups.tables.cursors.keys.map(\.partition) == [1])
        #expect(try Recount(rollups.tables) == Recount(good, timeZone: "Asia/Kathmandu"))
    }

    /// Windows of all sizes against a transaction that holds little: the memory is bounded, the numbers are the same.
    @Test func largeWindowsAreFoldedInSteps() async throws {
        var random = SeededRandom.announced()
        var all: [StoredEvent] = []
        for size in [250, 20, 90, 30, 7] {
            for partition in Int32(0)..<2 {
                let events = random.plainEvents(size)
                try await store(events, partition: partition)
                all += events
            }
            #expect(try await run(transactionSize: 32).events == 2 * size)
            #expect(try Recount(rollups.tables) == Recount(all, timeZone: "Asia/Kathmandu"))
            for book in raw.progress {
                let cursor = rollups.tables.cursors[book.partition]
                #expect([cursor?.nextOffset, cursor?.foldedStored] == [book.next, book.stored])
            }
        }
    }

    @Test func aLargeWindowThatIsNotWhatTheBooksSayIsLeftAloneAsAWhole() async throws {
        var random = SeededRandom.announced()
        try await store(random.plainEvents(100), partition: 0, booked: 101)
        #expect(try await run(transactionSize: 32).mismatches == 1)
        #expect(rollups.tables.counts.isEmpty)
        #expect(rollups.tables.cursors.isEmpty)
    }

    @Test func anotherTimeZoneStopsIt() async throws {
        let error = await #expect(throws: DatabaseError.self) { try await run(timeZone: "UTC") }
        #expect(error?.code == .invalidConfiguration)
    }
}

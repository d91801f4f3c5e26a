import Events
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// A week gives rows to the first values of a dimension only, and the record of them makes any recount agree.
struct ValueLimitTests {
    /// Merges parts one after the other with few values allowed, by one merger or by one for each part.
    private func merge(_ parts: [[StoredEvent]], into store: RollupStoreModel, sharing: Bool) async throws {
        let shared = Merger(store: store, maximumValues: 2)
        for part in parts {
            let merger = sharing ? shared : Merger(store: store, maximumValues: 2)
            let cursor = store.tables.cursors[PartitionEpoch(epoch: 1, partition: 0)]
            try await merger.merge(
                [fold(part, timeZone: "Europe/Berlin")], moving: MergeTests.pass(from: cursor, events: part.count))
        }
    }

    @Test(arguments: [true, false])
    func recordedValuesDecide(sharing: Bool) async throws {
        var random = SeededRandom.announced()
        for _ in 0..<6 {
            let events = random.events(300)
            let store = RollupStoreModel(timeZone: "Europe/Berlin")
            try await merge(random.split(events, into: 5), into: store, sharing: sharing)
            let values = store.tables.values
            #expect(values.values.allSatisfy { $0.count <= 2 })
            #expect(values.values.contains { $0.count == 2 })
            #expect(
                try Recount(store.tables) == Recount(events, timeZone: "Europe/Berlin", recorded: values))
        }
    }

    @Test func theFirstValuesAreTheOnesThatCount() async throws {
        let events = ["a", "b", "c", "a"].enumerated().map { index, type in
            StoredEvent(source: "web", userID: "u", eventType: type, timestamp: 0, offset: Int64(index))
        }
        let store = RollupStoreModel(timeZone: "Europe/Berlin")
        try await merge([events], into: store, sharing: true)
        let days = store.tables.counts.filter { $0.key.granularity == .day && $0.key.dimension == "event_type" }
        #expect(
            days.map { [$0.key.value: $0.value.events] }.reduce(into: [:]) { $0.merge($1) { $1 } } == [
                "a": 2, "b": 1, "(other)": 1,
            ])
    }

    /// What a merge that failed had put on record is not on record.
    @Test func aFailedMergeRecordsNothing() async throws {
        var random = SeededRandom.announced()
        let (first, second) = (random.events(40), random.events(40))
        let journal = Journal()
        let store = RollupStoreModel(timeZone: "Europe/Berlin", journal: journal)
        let merger = Merger(store: store, maximumValues: 2)
        func merge(_ events: [StoredEvent]) async throws {
            let cursor = store.tables.cursors[PartitionEpoch(epoch: 1, partition: 0)]
            try await merger.merge(
                [fold(events, timeZone: "Europe/Berlin")], moving: MergeTests.pass(from: cursor, events: events.count))
        }
        journal.failAlways("move cursors")
        await #expect(throws: DatabaseError.self) { try await merge(first) }
        journal.failAlways("move cursors", false)
        try await merge(second)
        try await merge(first)
        let recount = Recount(first + second, timeZone: "Europe/Berlin", recorded: store.tables.values)
        #expect(try Recount(store.tables) == recount)
    }
}

/// What is kept of sets between merges changes what is read, and nothing else.
struct SetCacheTests {
    @Test func aSecondMergeOfTheSameRowsReadsNoSets() async throws {
        let journal = Journal()
        let store = RollupStoreModel(journal: journal)
        let merger = Merger(store: store)
        let events = [StoredEvent(source: "web", userID: "u", eventType: "a", timestamp: 0, offset: 0)]
        try await merger.merge([fold(events, timeZone: "UTC")], moving: MergeTests.pass(from: nil, events: 1))
        #expect(journal.calls.contains("read sets"))
        let (before, cursor) = (journal.calls.count, store.tables.cursors.values.first)
        try await merger.merge([fold(events, timeZone: "UTC")], moving: MergeTests.pass(from: cursor, events: 1))
        #expect(!journal.calls[before...].contains("read sets"))
        #expect(store.tables.counts.values.allSatisfy { $0 == RollupCounts(events: 2, visitors: 1) })
    }

    /// Two mergers in turn, failures in between, and a cache that holds next to nothing.
    @Test(arguments: [0, 5_000, 96 << 20])
    func whoeverMergesTheNumbersAreRight(limit: Int) async throws {
        var random = SeededRandom.announced()
        let journal = Journal()
        let store = RollupStoreModel(journal: journal)
        let mergers = (0..<2).map { _ in Merger(store: store, cacheLimit: limit) }
        var merged: [StoredEvent] = []
        for _ in 0..<25 {
            let events = random.events(Int.random(in: 1...60, using: &random))
            let folds = random.split(events, into: 3).map { fold($0, timeZone: "UTC") }
            let merger = mergers.randomElement(using: &random)!
            let cursor = store.tables.cursors.values.first
            if Int.random(in: 0..<3, using: &random) == 0 {
                journal.fail(call: journal.calls.count + Int.random(in: 0...8, using: &random), .after)
            }
            do {
                try await merger.merge(folds, moving: MergeTests.pass(from: cursor, events: events.count))
                merged += events
            } catch is DatabaseError {
                // A failure after the commit has merged it all the same.
                if store.tables.cursors.values.first != cursor { merged += events }
            }
            #expect(try Recount(store.tables) == Recount(merged, timeZone: "UTC"))
        }
    }
}

import Bitmaps
import Events
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// Deltas go into the base when they pass a quarter of it, and when the period has closed.
struct CompactionTests {
    /// Days that many users visit, a few more with each merge: deltas remain.
    private func store(_ merger: Merger, _ store: RollupStoreModel, days: [Int64]) async throws {
        // All on a day long ago, so that those of a day are no run of numbers.
        try await merge(merger, store, Array(0..<6_000), days: [10_000])
        for round in 0..<6 {
            let users = (0..<6_000).filter { round == 0 ? $0 % 3 == 0 : $0 % 600 == round * 100 + 1 }
            try await merge(merger, store, users, days: days)
        }
    }

    private func merge(_ merger: Merger, _ store: RollupStoreModel, _ users: [Int], days: [Int64]) async throws {
        let events = days.flatMap { day in
            users.map { user in
                StoredEvent(
                    source: "web", userID: "u\(user)", eventType: "page_view",
                    timestamp: day * 86_400_000 + 3_600_000, offset: 0)
            }
        }
        let cursor = store.tables.cursors.values.first
        try await merger.merge(
            [fold(events, timeZone: "UTC")], moving: MergeTests.pass(from: cursor, events: events.count))
    }

    @Test func setsOfClosedPeriodsAreWhole() async throws {
        let store = RollupStoreModel()
        let merger = Merger(store: store)
        let days: [Int64] = [20_000, 20_001, 20_002]  // A Thursday, a Friday, a Saturday.
        try await self.store(merger, store, days: days)
        let before = store.tables
        #expect(before.sets.values.contains { !$0.deltas.isEmpty })
        let open: [Granularity: PeriodNumber] = [.interval: 20_002 * 96, .day: 20_002, .week: 19_996]
        #expect(try await merger.compact(before: open) > 0)
        let after = store.tables
        for (key, set) in after.sets {
            let isClosed = key.period < open[key.granularity]!
            #expect(isClosed == set.deltas.isEmpty, "\(key)")
            #expect(try VisitorSets.numbers(of: set) == VisitorSets.numbers(of: before.sets[key]!))
        }
        #expect(after.counts == before.counts && after.state == before.state, "no number changes")
        #expect(try await merger.compact(before: open) == 0)
        // Late events find the sets as they are now.
        try await self.store(merger, store, days: [20_000])
        let recount = try Recount(store.tables)
        #expect(recount.counts.allSatisfy { recount.visitors[$0.key]?.count == Int($0.value.visitors) })
    }

    private enum VisitorSets {
        static func numbers(of set: StoredSet) throws -> [UInt32] {
            try set.parts().flatMap { Array($0.numbers) }.sorted()
        }
    }
}

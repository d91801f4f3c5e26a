import Bitmaps
import Events
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// Merging any parts of the events in any order gives what anyone's recount gives.
struct MergeTests {
    private static let partition = PartitionEpoch(epoch: 1, partition: 0)

    /// Merges parts one after the other, each with the cursor that the one before left.
    static func merge(_ parts: [[StoredEvent]], into store: RollupStoreModel) async throws {
        let merger = Merger(store: store)
        for part in parts {
            try await merger.merge(
                [fold(part, timeZone: store.tables.state.timeZone)],
                moving: pass(from: store.tables.cursors[partition], events: part.count))
        }
    }

    /// A pass over so many events and one dead letter.
    static func pass(from: RollupCursor?, events: Int) -> [PartitionPass] {
        var progress = IngestProgress(partition: partition, first: 0)
        progress.next = (from?.nextOffset ?? 0) + Int64(events) + 1
        progress.stored = (from?.foldedStored ?? 0) + Int64(events)
        return PartitionPass.plan([progress], from.map { [$0] } ?? [])
    }

    @Test(arguments: hardTimeZones)
    func anySplitGivesTheSame(timeZone: String) async throws {
        var random = SeededRandom.announced()
        for _ in 0..<4 {
            let events = random.events(Int.random(in: 1...500, using: &random))
            let recount = Recount(events, timeZone: timeZone)
            for count in [1, Int.random(in: 2...12, using: &random)] {
                let store = RollupStoreModel(timeZone: timeZone)
                try await Self.merge(random.split(events, into: count), into: store)
                let found = try Recount(store.tables)
                #expect(found.counts == recount.counts)
                #expect(found.visitors == recount.visitors)
                #expect(found.firstDays == recount.firstDays)
                try checkSets(store.tables)
                #expect(store.tables.cursors[Self.partition]?.foldedStored == Int64(events.count))
            }
        }
    }

    /// Numbers are dense; the parts of a set are disjoint; a row counts as many visitors as its set holds.
    private func checkSets(_ tables: RollupTables) throws {
        for visitors in tables.visitors.values {
            #expect(visitors.values.map(\.number).sorted() == Array(0..<UInt32(visitors.count)))
        }
        for (key, set) in tables.sets {
            let parts = try set.parts()
            let union = VisitorSet.union(of: parts)
            #expect(parts.reduce(0) { $0 + $1.count } == union.count, "parts are disjoint")
            #expect(tables.counts[key]?.visitors == Int64(union.count))
        }
    }

    @Test func effectsComeInOrder() async throws {
        let journal = Journal()
        let store = RollupStoreModel(journal: journal)
        var random = SeededRandom.announced()
        try await Self.merge([random.events(50)], into: store)
        #expect(journal.calls.first == "lock cursors", "nothing is read before others are kept out")
        #expect(journal.calls.suffix(2) == ["move cursors", "commit"])
        #expect(journal.calls.filter { $0 == "commit" }.count == 1, "one transaction")
    }

    @Test func somebodyElsesCursorIsContended() async throws {
        var random = SeededRandom.announced()
        let store = RollupStoreModel()
        try await Self.merge([random.events(20)], into: store)
        let before = store.tables
        let stale: [RollupCursor?] = [nil, RollupCursor(partition: Self.partition, nextOffset: 3, foldedStored: 2)]
        for cursor in stale {
            let passes = Self.pass(from: cursor, events: 10)
            let error = await #expect(throws: DatabaseError.self) {
                try await Merger(store: store).merge([fold(random.events(10), timeZone: "UTC")], moving: passes)
            }
            #expect(error?.code == .contended)
            #expect(store.tables == before)
        }
    }

    @Test func aFailureAnywhereLeavesNothingBehind() async throws {
        var random = SeededRandom.announced()
        let (earlier, later) = (random.events(12), random.events(12))
        let journal = Journal()
        let clean = RollupStoreModel(journal: journal)
        try await Self.merge([earlier], into: clean)
        let begin = journal.calls.count
        try await Self.merge([later], into: clean)
        for step in begin..<journal.calls.count {
            let journal = Journal()
            let store = RollupStoreModel(journal: journal)
            try await Self.merge([earlier], into: store)
            let before = store.tables
            journal.fail(call: step, .before)
            await #expect(throws: DatabaseError.self) { try await Self.merge([later], into: store) }
            #expect(store.tables == before)
            try await Self.merge([later], into: store)
            #expect(store.tables == clean.tables, "and a repetition comes to the same")
        }
    }

    @Test func withoutEventsOnlyTheCursorMoves() async throws {
        let store = RollupStoreModel()
        try await Merger(store: store).merge([fold([], timeZone: "UTC")], moving: Self.pass(from: nil, events: 0))
        #expect(
            store.tables.cursors.values.map { $0 }
                == [RollupCursor(partition: Self.partition, nextOffset: 1, foldedStored: 0)])
        #expect(store.tables.state.revision == 0, "no number has changed")
        #expect(store.tables.counts.isEmpty)
    }
}

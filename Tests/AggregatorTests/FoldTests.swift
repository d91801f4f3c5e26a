import Events
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

struct FoldTests {
    /// Each row's users by name, as the fold tells them by local number.
    private func visitors(_ fold: Fold) -> [RollupKey: Set<Digest128>] {
        let users = fold.users
        return fold.changes().reduce(into: [:]) { rows, row in
            rows[row.key] = Set(row.value.users.compactMap { users[row.key.source]?.digests[Int($0)] })
        }
    }

    @Test(arguments: hardTimeZones)
    func foldingIsCounting(timeZone: String) {
        var random = SeededRandom.announced()
        for _ in 0..<6 {
            let events = random.events(400)
            let (fold, recount) = (fold(events, timeZone: timeZone), Recount(events, timeZone: timeZone))
            #expect(fold.count == events.count)
            #expect(visitors(fold) == recount.visitors)
            for (key, change) in fold.changes() {
                #expect(change.events == recount.counts[key]?.events, "\(key)")
                #expect(change.users == Array(Set(change.users)).sorted(), "each user once, in order")
            }
            let firstDays = fold.users.mapValues { Dictionary(uniqueKeysWithValues: zip($0.digests, $0.firstDays)) }
            #expect(firstDays == recount.firstDays)
        }
    }

    @Test func theOrderMakesNoDifference() {
        var random = SeededRandom.announced()
        let events = random.events(500)
        let (one, other) = (fold(events, timeZone: "UTC"), fold(events.shuffled(using: &random), timeZone: "UTC"))
        #expect(visitors(one) == visitors(other))
        #expect(one.changes().mapValues(\.events) == other.changes().mapValues(\.events))
    }

    @Test func anEmptyFoldChangesNothing() {
        let fold = fold([], timeZone: "UTC")
        #expect(fold.isEmpty)
        #expect(fold.changes().isEmpty)
        #expect(fold.users.isEmpty)
    }

    /// A type that is named like the dimension of all events has rows of its own.
    @Test func aTypeNamedAllIsAValueAsOthers() {
        let event = StoredEvent(source: "web", userID: "u", eventType: "all", timestamp: 0, offset: 0)
        let keys = fold([event], timeZone: "UTC").changes().keys.filter { $0.granularity == .day }
        #expect(Set(keys.map { "\($0.dimension)/\($0.value)" }) == ["all/", "event_type/all"])
    }
}

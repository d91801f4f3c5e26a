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

    /// The log of a fold goes into tallies when it is full; a user then comes to a row from both.
    @Test func aLongFoldIsCounting() {
        var random = SeededRandom.announced()
        let events = random.events(2_000)
        let many = (0..<400).flatMap { _ in events }
        let (once, often) = (fold(events, timeZone: "Europe/Berlin"), fold(many, timeZone: "Europe/Berlin"))
        #expect(visitors(once) == visitors(often))
        #expect(often.changes().mapValues(\.events) == once.changes().mapValues { $0.events * 400 })
    }

    @Test func dimensionsAreNumberedInOrder() {
        for (index, part) in ContextDimension.allCases.enumerated() {
            #expect(Dimensions.number(of: part) == 2 + index)
            #expect(testDimensions.names[2 + index] == part.rawValue)
        }
        #expect(testDimensions.names[Dimensions.eventType] == eventTypeDimension)
        #expect(testDimensions.names[Dimensions.firstOfMetadata] == "metadata.plan")
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

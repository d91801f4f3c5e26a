import Bitmaps
import Events
import Logging
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// A recount finds whatever is wrong, and a rebuild mends it.
struct RecountTests {
    private static let timeZone = RecountWorld.timeZone

    private static let always: ClosedRange<PeriodNumber> = 0...40_000

    @Test func whatPassesMadeIsRight() async throws {
        var random = SeededRandom.announced()
        let world = try await RecountWorld.filled(&random)
        #expect(try await world.verify(Self.always).isEmpty)
        try await world.store(random.plainEvents(30))
        #expect(try await world.verify(Self.always).isEmpty, "what is not folded yet is nobody's fault")
        try await world.pass()
        #expect(try await world.verify(Self.always).isEmpty)
    }

    @Test func everyKindOfDamageIsFoundAndMended() async throws {
        var random = SeededRandom.announced()
        let world = try await RecountWorld.filled(&random)
        let good = world.rollups.tables
        for _ in 0..<40 {
            var tables = good
            let key = tables.counts.keys.sorted().randomElement(using: &random)!
            switch Int.random(in: 0..<6, using: &random) {
            case 0: tables.counts[key]?.events += 1
            case 1: tables.counts[key]?.visitors -= 1
            case 2: tables.counts[key] = nil
            case 3: tables.sets[key] = StoredSet(deltas: [VisitorSet([77]).serialized()])
            case 4: tables.sets[key] = nil
            default:
                var other = key
                other.value = "made up"
                tables.counts[other] = RollupCounts(events: 1, visitors: 0)
            }
            let damaged = RollupStoreModel(tables)
            let found = try await world.verify(Self.always, damaged)
            #expect(found.count == 1, "\(key)")
            try await world.rebuild(Self.always, damaged)
            #expect(try await world.verify(Self.always, damaged).isEmpty)
            #expect(damaged.tables.cursors == good.cursors)
            #expect(damaged.tables.visitors == good.visitors)
            #expect(try Recount(damaged.tables) == Recount(world.events, timeZone: Self.timeZone))
        }
    }

    /// A visitor on record as first seen on another day of the span is found on both days.
    @Test func wrongFirstDaysAreFound() async throws {
        var random = SeededRandom.announced()
        for _ in 0..<20 {
            let world = try await RecountWorld.filled(&random)
            var tables = world.rollups.tables
            let source = tables.visitors.keys.sorted().randomElement(using: &random)!
            let user = tables.visitors[source]!.keys.sorted().randomElement(using: &random)!
            let record = tables.visitors[source]![user]!
            let wrong = record.firstDay + (record.firstDay >= 3 && Bool.random(using: &random) ? -3 : 3)
            tables.visitors[source]?[user] = VisitorRecord(number: record.number, firstDay: wrong)
            let found = try await world.verify(Self.always, RollupStoreModel(tables))
            #expect(found.map(\.key.period) == [wrong, record.firstDay].sorted())
            #expect(found.allSatisfy { $0.key.dimension == Verification.Difference.newVisitors && $0.isOtherSet })
            #expect(found.allSatisfy { $0.key.source == source && $0.stored != $0.recounted })
        }
    }

    /// Two visitors whose first days are swapped leave the numbers as they are.
    @Test func swappedFirstDaysAreFound() async throws {
        var random = SeededRandom.announced()
        let world = try await RecountWorld.filled(&random)
        var tables = world.rollups.tables
        let visitors = try #require(tables.visitors["web"]).sorted { $0.key < $1.key }
        let one = try #require(visitors.first)
        let other = try #require(visitors.first { $0.value.firstDay != one.value.firstDay })
        tables.visitors["web"]?[one.key]?.firstDay = other.value.firstDay
        tables.visitors["web"]?[other.key]?.firstDay = one.value.firstDay
        let found = try await world.verify(Self.always, RollupStoreModel(tables))
        #expect(found.map(\.key.period) == [one.value.firstDay, other.value.firstDay].sorted())
        #expect(found.allSatisfy { $0.isOtherSet && $0.stored == $0.recounted })
    }

    /// Who came before the span is new on none of its days, and the span alone does not tell.
    @Test func firstDaysBeforeTheSpanAreTaken() async throws {
        var random = SeededRandom.announced()
        let world = try await RecountWorld.filled(&random)
        var calendar = world.calendar
        for event in world.events {
            let day = calendar.day(of: event.timestamp)
            #expect(try await world.verify(day...day).isEmpty)
        }
    }

    /// Any span, wherever days and weeks begin: only its rows are touched, and they come out the same.
    @Test func aSpanIsRebuiltAndItsNeighboursStay() async throws {
        var random = SeededRandom.announced()
        for _ in 0..<10 {
            let world = try await RecountWorld.filled(&random)
            var calendar = world.calendar
            let day = calendar.day(of: world.events.randomElement(using: &random)!.timestamp)
            let days = day...day + PeriodNumber.random(in: 0...9, using: &random)
            let (weeks, intervals) = (
                CivilDate.monday(of: days.lowerBound)...days.upperBound, RecountSpan(days: days).intervals(calendar)
            )
            var tables = world.rollups.tables
            for key in tables.counts.keys { tables.counts[key]?.events += 1000 }
            let damaged = RollupStoreModel(tables)
            try await world.rebuild(days, damaged, sources: ["web"])
            for (key, counts) in damaged.tables.counts {
                let isOfSpan =
                    switch key.granularity {
                    case .day: days.contains(key.period)
                    case .week: weeks.contains(key.period)
                    case .interval: intervals.contains(key.period)
                    }
                let expected =
                    (world.rollups.tables.counts[key]?.events ?? 0) + (isOfSpan && key.source == "web" ? 0 : 1000)
                #expect(counts.events == expected, "\(key) \(days)")
            }
            #expect(try await world.verify(days, damaged, sources: ["web"]).isEmpty)
        }
    }

    /// The intervals of a span are those in which one of its moments lies.
    @Test(arguments: hardTimeZones)
    func intervalsOfADay(timeZone: String) throws {
        var random = SeededRandom.announced()
        var calendar = ReportingCalendar(timeZone)!
        for _ in 0..<200 {
            let time = random.time()
            let day = calendar.day(of: time)
            let intervals = RecountSpan(days: day...day).intervals(calendar)
            #expect(intervals.contains(calendar.interval(of: time)))
            let (first, last) = (Int64(intervals.lowerBound) * 900_000, Int64(intervals.upperBound + 1) * 900_000 - 1)
            #expect(calendar.day(of: first - 1) != day)
            #expect(calendar.day(of: last + 1) != day)
        }
    }

    @Test func passesDuringARebuildAreNotLost() async throws {
        var random = SeededRandom.announced()
        let world = try await RecountWorld.filled(&random)
        try await world.store(random.plainEvents(40), partition: 1)
        let rebuild = Rebuild(world.basis(world.rollups))
        let (raw, rollups, calendar) = (world.raw, world.rollups, world.calendar)
        _ = try await rebuild.run(RecountSpan(days: Self.always), sources: nil, now: 0) { done, all in
            // After the scan and before the last transaction.
            if done == all { try? await RecountWorld.pass(raw, rollups, calendar) }
        }
        #expect(world.rollups.tables.cursors[PartitionEpoch(epoch: 1, partition: 1)]?.nextOffset == 100)
        #expect(try Recount(world.rollups.tables) == Recount(world.events, timeZone: Self.timeZone))
        try await world.pass()
        #expect(try await world.verify(Self.always).isEmpty)
    }

    @Test func daysWhoseEventsMayHaveExpiredAreRefused() async throws {
        let cursors = [
            RollupCursor(partition: PartitionEpoch(epoch: 1, partition: 0), nextOffset: 10, foldedStored: 10)
        ]
        let calendar = ReportingCalendar("UTC")!
        func earliest(_ today: PeriodNumber) -> PeriodNumber { today - 88 }
        let scan = RawScan(
            RecountSpan(days: 1000...1003), sources: nil, calendar: calendar, dimensions: Dimensions())
        let monday = CivilDate.monday(of: 1000)
        #expect(throws: RecountError.expired(before: monday + 1, missing: 10)) {
            try scan.checkCompleteness(cursors, from: earliest(monday + 89))
        }
        try scan.checkCompleteness(cursors, from: earliest(monday + 88))
        try scan.checkCompleteness([], from: earliest(50_000))
    }
}

import Events
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// All days cut anew in another zone are those that passes would have cut there.
struct RecutTests {
    private func recut(_ world: RecountWorld, _ zone: String, droppingExpired: Bool = false, now: Int64 = 0)
        async throws
        -> Recut.Report
    {
        let basis = RecountBasis(
            raw: world.raw, rollups: world.rollups, calendar: ReportingCalendar(zone)!, metadata: .none,
            retentionDays: 90)
        return try await Recut(basis).run(droppingExpired: droppingExpired, now: now, progress: { _, _ in })
    }

    @Test(arguments: hardTimeZones)
    func anotherZone(_ zone: String) async throws {
        var random = SeededRandom.announced()
        let world = try await RecountWorld.filled(&random)
        let cursors = world.rollups.tables.cursors
        #expect(try await recut(world, zone) == Recut.Report(events: Int64(world.events.count)))
        #expect(try Recount(world.rollups.tables) == Recount(world.events, timeZone: zone))
        #expect(world.rollups.tables.cursors == cursors)
        #expect(world.rollups.tables.state.timeZone == zone)
    }

    /// Wherever it fails, the old numbers stand; a repetition comes to the new ones.
    @Test func aFailureAnywhereLeavesTheOldNumbers() async throws {
        var random = SeededRandom.announced()
        let world = try await RecountWorld.filled(&random)
        let before = world.rollups.tables
        for step in 0..<1_000 {
            let journal = Journal()
            let store = RollupStoreModel(before, journal: journal)
            journal.fail(call: step, .before)
            let basis = RecountBasis(
                raw: world.raw, rollups: store, calendar: ReportingCalendar("Asia/Kathmandu")!, metadata: .none,
                retentionDays: 90)
            do {
                _ = try await Recut(basis).run(droppingExpired: false, now: 0, progress: { _, _ in })
            } catch {
                #expect(store.tables == before)
                continue
            }
            #expect(step > 5)
            #expect(try Recount(store.tables) == Recount(world.events, timeZone: "Asia/Kathmandu"))
            return
        }
        Issue.record("it never went through")
    }

    @Test func otherRulesOfTheSameZoneStopPassesUntilItIsCutAnew() async throws {
        var random = SeededRandom.announced()
        let world = try await RecountWorld.filled(&random)
        var tables = world.rollups.tables
        tables.state.zoneRules = "those of an older tzdata"
        let store = RollupStoreModel(tables)
        let error = #expect(throws: DatabaseError.self) { try store.tables.state.check(world.calendar) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("rebuild --timezone \(world.calendar.identifier)") == true)
        let basis = RecountBasis(
            raw: world.raw, rollups: store, calendar: world.calendar, metadata: .none, retentionDays: 90)
        _ = try await Recut(basis).run(droppingExpired: false, now: 0, progress: { _, _ in })
        try store.tables.state.check(world.calendar)
        #expect(try Recount(store.tables).counts == Recount(world.rollups.tables).counts)
    }

    @Test func expiredEventsAreRefusedOrDroppedWithAllTheirPeriods() async throws {
        var random = SeededRandom.announced()
        let world = try await RecountWorld.filled(&random)
        // As if the first of all events had expired.
        var tables = world.rollups.tables
        let epoch = PartitionEpoch(epoch: 1, partition: 0)
        tables.cursors[epoch]?.foldedStored += 1
        let store = RollupStoreModel(tables)
        let basis = RecountBasis(
            raw: world.raw, rollups: store, calendar: ReportingCalendar("UTC")!, metadata: .none, retentionDays: 90)
        let now = world.events.map(\.timestamp).sorted()[world.events.count / 2]
        let today = PeriodNumber(now / 86_400_000)
        await #expect(throws: RecountError.expired(before: today - 88, missing: 1)) {
            try await Recut(basis).run(droppingExpired: false, now: now, progress: { _, _ in })
        }
        #expect(store.tables == tables)
        let report = try await Recut(basis).run(droppingExpired: true, now: now, progress: { _, _ in })
        #expect(report.firstDay == today - 88)
        let recount = Recount(world.events, timeZone: "UTC")
        let first = (today - 88) * 96 + 1
        for (key, counts) in recount.counts where key.granularity != .interval {
            #expect(store.tables.counts[key] == (key.period >= today - 88 ? counts : nil), "\(key)")
        }
        for (key, counts) in recount.counts where key.granularity == .interval {
            #expect(store.tables.counts[key] == counts, "buckets of UTC stay: \(key) \(first)")
        }
    }
}

/// The digest of a zone's rules.
struct ZoneRulesTests {
    @Test func zonesOfOtherRulesHaveOtherDigests() throws {
        let zones = hardTimeZones + ["Europe/Paris", "America/Lima", "Africa/Monrovia", "Asia/Gaza"]
        let rules = try zones.map { try #require(ReportingCalendar.rules(of: $0)) }
        #expect(Set(rules).count == zones.count)
        #expect(ReportingCalendar.rules(of: "Etc/UTC") == ReportingCalendar.rules(of: "UTC"))
        #expect(ReportingCalendar.rules(of: "Nowhere/Nowhere") == nil)
        #expect(!ReportingCalendar.release.isEmpty)
    }
}

import Events
import Foundation
import Testing

@testable import Traffic

/// What holds of every plan.
struct GeneratorTests {
    @Test("the same plan gives the same bytes, another seed or span others")
    func determinism() {
        let seed = announcedSeed()
        let plan = Sample.history(days: 3, events: 5_000, seed: seed)
        let first = Sample(plan)
        #expect(first.bytes == Sample(plan).bytes)
        #expect(first.events.map(\.event) == Sample(plan).events.map(\.event))
        #expect(first.bytes != Sample(Sample.history(days: 3, events: 5_000, seed: seed &+ 1)).bytes)
        let ids = Set(Sample(Sample.history(days: 3, events: 5_001, seed: seed)).events.map { id($0.bytes) })
        #expect(ids.isDisjoint(with: first.events.map { id($0.bytes) }), "another plan's events have other ids")
    }

    @Test("the bytes of a plan stay what they were: ids promise it to those who send again")
    func golden() {
        let sample = Sample(Sample.history(days: 2, events: 2_000, seed: 7, users: 300))
        let digest = Digest128(hashing: sample.bytes[...]).description
        #expect(
            digest == "e8d43f6ae642a1d7c96bc609816a32aa", "on purpose? Then `TrafficPlan.generation` goes up as well")
    }

    @Test("the collector's own rules accept every event", arguments: TrafficPlan.IDs.allCases)
    func contract(_ ids: TrafficPlan.IDs) throws {
        var plan = Sample.history(days: 7, events: 20_000, seed: announcedSeed())
        plan.ids = ids
        for (event, bytes) in Sample(plan).events {
            let scanned = try Array(bytes).withUnsafeBufferPointer { bytes in
                var scanner = EventScanner(bytes, now: Sample.monday + 8 * Sample.day)
                return try scanner.next()
            }
            #expect(scanned.violation == nil)
            #expect(scanned.timestamp == event.time)
        }
    }

    @Test(
        "about as many events as wanted, and none outside of the span",
        arguments: [(1, 2_000), (7, 60_000), (42, 120_000)])
    func size(_ days: Int, _ wanted: Int) {
        let plan = Sample.history(days: days, events: wanted, seed: announcedSeed())
        let times = Sample(plan).first.map(\.event.time)
        // Visits come by chance and differ in length: the standard deviation is some 3.7 √n; five of them.
        let tolerance = 0.01 + 18 / Double(wanted).squareRoot()
        #expect(abs(Double(times.count) / Double(wanted) - 1) < tolerance, "\(times.count)")
        #expect(times.allSatisfy { (Sample.monday..<Sample.monday + Int64(days) * Sample.day).contains($0) })
    }

    @Test("ids are those of an event, ordered or not as wanted", arguments: TrafficPlan.IDs.allCases)
    func ids(_ ids: TrafficPlan.IDs) throws {
        var plan = Sample.history(days: 2, events: 10_000, seed: announcedSeed())
        plan.ids = ids
        let sample = Sample(plan)
        let names = sample.first.map { id($0.bytes) }
        #expect(Set(names).count == names.count)
        let pattern =
            ids == .ordered
            ? /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
            : /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        #expect(names.allSatisfy { $0.wholeMatch(of: pattern) != nil })
        let prompt = sample.events.filter { $0.event.delivery == .prompt }.map { String(id($0.bytes).prefix(13)) }
        #expect((prompt == prompt.sorted()) == (ids == .ordered))
    }

    @Test("late events and duplicates come at their rates, after their time, and duplicates byte for byte")
    func deliveries() {
        var plan = Sample.history(days: 14, events: 40_000, seed: announcedSeed())
        (plan.lateShare, plan.duplicateShare) = (0.05, 0.03)
        let sample = Sample(plan)
        let kinds = counts(sample.events.map(\.event.delivery))
        let total = Double(sample.first.count)
        #expect(abs(Double(kinds[.late] ?? 0) / total - 0.05) < 0.006)
        #expect(abs(Double(kinds[.duplicate] ?? 0) / total - 0.03 * 0.95) < 0.005)
        var (clock, latest, delayed) = (Int64.min, Int64.min, 0)
        var seen: [String: ArraySlice<UInt8>] = [:]
        for (event, bytes) in sample.events {
            switch event.delivery {
            case .prompt:
                #expect(event.time >= clock && event.time >= latest, "nothing is late before it happened")
                clock = event.time
                seen[id(bytes)] = bytes
            case .late:
                #expect(seen[id(bytes)] == nil)
                latest = max(latest, event.time)
                if event.time < clock - 600_000 { delayed += 1 }
            case .duplicate: #expect(seen[id(bytes)] == bytes)
            }
        }
        #expect(delayed * 10 > (kinds[.late] ?? 0) * 8, "most are late by more than ten minutes")
    }

    @Test("without end: exactly so many events as allowed, at the times that are given")
    func live() {
        var plan = TrafficPlan(.live(from: Sample.monday, eventsPerSecond: 50))
        (plan.seed, plan.lateShare, plan.duplicateShare) = (announcedSeed(), 0.1, 0.1)
        var generator = TrafficGenerator(plan, limit: 3_000)
        var bytes: [UInt8] = []
        var events: [TrafficEvent] = []
        while let event = generator.next(into: &bytes, at: Sample.monday + Int64(events.count) * 20) {
            events.append(event)
        }
        let kinds = counts(events.map(\.delivery))
        #expect((kinds[.prompt] ?? 0) + (kinds[.late] ?? 0) == 3_000)
        #expect((kinds[.late] ?? 0) > 200 && (kinds[.duplicate] ?? 0) > 200)
        for (index, event) in events.enumerated() where event.delivery == .prompt {
            #expect(event.time == Sample.monday + Int64(index) * 20)
        }
        #expect(events.allSatisfy { $0.time >= Sample.monday })
    }

    @Test("memory stays within its bounds at any density")
    func bounds() {
        let plan = Sample.history(days: 1, events: 2_000_000_000, seed: announcedSeed(), users: 1_000_000)
        var busy = plan
        (busy.lateShare, busy.duplicateShare) = (0.5, 0.5)
        var generator = TrafficGenerator(busy)
        var bytes: [UInt8] = []
        for _ in 0..<100_000 {
            bytes.removeAll(keepingCapacity: true)
            guard generator.next(into: &bytes) != nil else { break }
        }
        #expect(generator.openVisits <= TrafficGenerator.maximumOpen)
        #expect(generator.heldEvents == TrafficGenerator.maximumHeld)
    }

    @Test("a census is what a recount of the bytes gives")
    func census() throws {
        var plan = Sample.history(days: 21, events: 20_000, seed: announcedSeed())
        (plan.lateShare, plan.duplicateShare) = (0.1, 0.1)
        let sample = Sample(plan)
        var census = TrafficCensus()
        var days: [String: (events: Set<String>, visitors: Set<String>)] = [:]
        for (event, bytes) in sample.events {
            census.add(event)
            let parsed = try ParsedEvent(bytes)
            days[String(parsed.timestamp.prefix(10)), default: ([], [])].events.insert(parsed.id)
            days[String(parsed.timestamp.prefix(10))]?.visitors.insert(parsed.user)
        }
        #expect(census.days.count == 21 && census.days.keys.sorted() == days.keys.sorted())
        for (day, count) in census.days {
            #expect(Int(count.events) == days[day]?.events.count && Int(count.visitors) == days[day]?.visitors.count)
        }
        #expect(census.weeks.keys.sorted() == ["2025-05-05", "2025-05-12", "2025-05-19"])
        let firstWeek = (5...11).reduce(into: Set<String>()) {
            $0.formUnion(days["2025-05-\($1 < 10 ? "0" : "")\($1)"]?.visitors ?? [])
        }
        #expect(census.weeks["2025-05-05"].map { Int($0.visitors) } == firstWeek.count)
        #expect(Int(census.total.events) + Int(census.duplicates) == sample.events.count)
    }

    private func id(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.dropFirst(12).prefix(36), as: UTF8.self)
    }
}

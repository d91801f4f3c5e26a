import EmbeddedStores
import Events
import Foundation
import Stores
import TestSupport
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// Random questions about random events, answered by the API and recounted from the events alone. The store is the
/// plain model, and SQLite.
struct RecountTests {
    private typealias Filter = [(dimension: String, values: [String])]

    @Test(arguments: ["model", "embedded"])
    func anyAnswerIsARecount(kind: String) async throws {
        var random = SeededRandom.announced("anyAnswerIsARecount, \(kind)")
        for _ in 0..<(kind == "model" ? 12 : 4) {
            let events = random.visits(Int.random(in: 0...250, using: &random))
            try await withStore(kind) { store in
                let world = try await AnalyticsWorld(events, in: store, parts: 3)
                let recount = NaiveRecount(events)
                for _ in 0..<12 {
                    try await checkVisitors(world, recount, &random)
                    try await checkBreakdown(world, recount, &random)
                    try await checkEvents(world, recount, &random)
                    try await checkRetention(world, recount, &random)
                }
            }
        }
    }

    private func withStore(_ kind: String, _ body: (any RollupStore) async throws -> Void) async throws {
        guard kind == "embedded" else { return try await body(RollupStoreModel(timeZone: AnalyticsWorld.zone)) }
        try await TemporaryDirectory.with { directory in
            let store = try EmbeddedRollupStore(path: "\(directory.path)/rollups.db")
            do {
                try await store.provision(timeZone: AnalyticsWorld.zone)
                try await body(store)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    private func checkVisitors(
        _ world: AnalyticsWorld, _ recount: NaiveRecount, _ random: inout SeededRandom
    ) async throws {
        let (days, source) = (random.days(), random.source(recount))
        let interval = ["day", "week", "month"].randomElement(using: &random)!
        let filter = random.filter()
        var query = days.query.merging(["interval": interval]) { $1 }
        query["source"] = source
        if !filter.isEmpty { query["filter"] = written(filter) }
        if Bool.random(using: &random) { query["compare"] = "previous_period" }
        let answer = try await world.answer("visitors", query)
        #expect(answer["filter"].text == (filter.isEmpty ? nil : written(filter)))
        #expect(answer["filterScope"].text == (filter.isEmpty ? nil : "visitor-day"))
        #expect(answer["exact"].flag == true)
        check(answer, days.range, source, filter, interval, recount, "\(query)")
        guard query["compare"] != nil else { return }
        let length = PeriodNumber(days.range.count)
        let before = days.range.lowerBound - length...days.range.upperBound - length
        #expect(answer["comparison"]["from"].text == CivilDate(dayNumber: before.lowerBound).description)
        check(answer["comparison"], before, source, filter, interval, recount, "\(query), comparison")
    }

    private func check(
        _ answer: JSON, _ days: ClosedRange<PeriodNumber>, _ source: String?, _ filter: Filter, _ interval: String,
        _ recount: NaiveRecount, _ question: String
    ) {
        func numbers(_ json: JSON, _ days: ClosedRange<PeriodNumber>) {
            let visitors = recount.visitors(of: source, in: days, filter)
            #expect(json["visitors"].int == visitors.count, "\(question)")
            let events = recount.events(of: source, in: days).filter { dated in
                filter.allSatisfy { dated.event.has($0) }
            }
            #expect(json["events"].int == (filter.count > 1 ? nil : events.count), "\(question)")
            #expect(json["new"].int == (filter.isEmpty ? recount.new(visitors, in: days) : nil), "\(question)")
            let returning = filter.isEmpty ? visitors.count - recount.new(visitors, in: days) : nil
            #expect(json["returning"].int == returning, "\(question)")
        }
        numbers(answer, days)
        let points = answer["series"].list
        #expect(points.map(\.["start"].text) == starts(of: days, by: interval), "\(question)")
        for point in points { numbers(point, period(point["start"].text!, interval)) }
    }

    private func checkBreakdown(
        _ world: AnalyticsWorld, _ recount: NaiveRecount, _ random: inout SeededRandom
    ) async throws {
        let (days, source, filter) = (random.days(), random.source(recount), random.filter())
        let dimension = SeededRandom.dimensions.randomElement(using: &random)!
        let order = (filter.isEmpty ? ["visitors", "events", "value"] : ["visitors", "value"]).randomElement(
            using: &random)!
        let (limit, page) = (Int.random(in: 1...5, using: &random), Int.random(in: 1...3, using: &random))
        var query = days.query.merging(
            ["dimension": dimension, "order": order, "limit": "\(limit)", "page": "\(page)"]) { $1 }
        query["source"] = source
        if !filter.isEmpty { query["filter"] = written(filter) }
        let answer = try await world.answer("breakdown", query)
        var expected: [(value: String, visitors: Int, events: Int)] = []
        for value in Set(recount.events.compactMap { $0.event[dimension].map { ExactText($0) } }) {
            let events = recount.events(of: source, in: days.range).filter { $0.event.has((dimension, [value.text])) }
            let visitors = recount.visitors(of: source, in: days.range, filter + [(dimension, [value.text])])
            if !visitors.isEmpty { expected.append((value.text, visitors.count, events.count)) }
        }
        expected.sort { left, right in
            if order == "visitors", left.visitors != right.visitors { return left.visitors > right.visitors }
            if order == "events", left.events != right.events { return left.events > right.events }
            return left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
        }
        #expect(answer["values"].int == expected.count, "\(query)")
        let rows = expected.dropFirst((page - 1) * limit).prefix(limit)
        #expect(
            answer["rows"].list.map { "\($0["value"].text!) \($0["visitors"].int!) \($0["events"].int ?? -1)" }
                == rows.map { "\($0.value) \($0.visitors) \(filter.isEmpty ? $0.events : -1)" }, "\(query)")
    }

    private func checkEvents(
        _ world: AnalyticsWorld, _ recount: NaiveRecount, _ random: inout SeededRandom
    ) async throws {
        let (days, source) = (random.days(), random.source(recount))
        let interval = ["day", "week", "month"].randomElement(using: &random)!
        let limit = Int.random(in: 1...4, using: &random)
        var query = days.query.merging(["interval": interval, "limit": "\(limit)"]) { $1 }
        query["source"] = source
        let answer = try await world.answer("events", query)
        let found = recount.events(of: source, in: days.range)
        #expect(answer["events"].int == found.count, "\(query)")
        let types = Dictionary(grouping: found, by: \.event.eventType).mapValues(\.count)
            .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        #expect(
            answer["types"].list.map { "\($0["type"].text!) \($0["events"].int!)" }
                == types.prefix(limit).map { "\($0.key) \($0.value)" }, "\(query)")
        #expect(answer["others"]["events"].int == types.dropFirst(limit).reduce(0) { $0 + $1.value }, "\(query)")
        for type in answer["types"].list {
            #expect(type["series"].list.map(\.["start"].text) == starts(of: days.range, by: interval))
            for point in type["series"].list {
                let events = recount.events(of: source, in: period(point["start"].text!, interval)).filter {
                    $0.event.eventType == type["type"].text
                }
                #expect(point["events"].int == events.count, "\(query)")
            }
        }
    }

    private func checkRetention(
        _ world: AnalyticsWorld, _ recount: NaiveRecount, _ random: inout SeededRandom
    ) async throws {
        let (days, source) = (random.days(), random.source(recount))
        var query = days.query
        query["source"] = source
        let answer = try await world.answer("retention", query)
        let mondays = starts(of: days.range, by: "week").map { CivilDate($0!)!.dayNumber }
        #expect(answer["cohorts"].list.map(\.["start"].text) == starts(of: days.range, by: "week"))
        for (index, (cohort, monday)) in zip(answer["cohorts"].list, mondays).enumerated() {
            let visitors = recount.cohort(monday, of: source)
            #expect(cohort["visitors"].int == visitors.count, "\(query)")
            let active = mondays[index...].map { week in
                visitors.intersection(recount.visitors(of: source, in: week...week + 6)).count
            }
            #expect(cohort["active"].list.map(\.int) == active, "\(query)")
        }
    }

    private func written(_ filter: Filter) -> String {
        filter.map { predicate in
            let values = predicate.values.map {
                $0.replacing("\\", with: "\\\\").replacing(";", with: "\\;").replacing("|", with: "\\|")
            }
            return "\(predicate.dimension):\(values.joined(separator: "|"))"
        }.joined(separator: ";")
    }

    /// What the periods that days touch are called.
    private func starts(of days: ClosedRange<PeriodNumber>, by interval: String) -> [String?] {
        var starts: [String] = []
        for day in days {
            let start = start(of: CivilDate(dayNumber: day), by: interval).description
            if starts.last != start { starts.append(start) }
        }
        return starts
    }

    private func start(of date: CivilDate, by interval: String) -> CivilDate {
        switch interval {
        case "week":
            // 5 January 1970 was a Monday.
            CivilDate(dayNumber: date.dayNumber - (date.dayNumber - 4) % 7)
        case "month": CivilDate(year: date.year, month: date.month, day: 1)
        default: date
        }
    }

    /// The days of the period of this name.
    private func period(_ start: String, _ interval: String) -> ClosedRange<PeriodNumber> {
        let first = CivilDate(start)!
        switch interval {
        case "week": return first.dayNumber...first.dayNumber + 6
        case "month":
            let next = first.month == 12 ? (first.year + 1, 1) : (first.year, first.month + 1)
            return first.dayNumber...CivilDate(year: next.0, month: next.1, day: 1).dayNumber - 1
        default: return first.dayNumber...first.dayNumber
        }
    }
}

extension SeededRandom {
    static let dimensions = ["event_type", "path", "country", "browser", "utm_source", "metadata.plan"]
    private static let firstDay = CivilDate("2024-12-20")!.dayNumber

    /// Visits of few people over six weeks around a new year, some of them late.
    mutating func visits(_ count: Int) -> [StoredEvent] {
        (0..<count).map { _ in
            let time = Int64(Self.firstDay) * 86_400_000 + Int64.random(in: 0..<45 * 86_400_000, using: &self)
            var dimensions = EventDimensions(metadata: [oneOf(["gold", "a;b|c"])])
            (dimensions.path, dimensions.country) = (oneOf(["/", "/é", "/e\u{301}"]), oneOf(["DE", "FR"]))
            (dimensions.browser, dimensions.utmSource) = (oneOf(["Firefox", "Safari", "Chrome"]), oneOf(["news"]))
            return StoredEvent(
                source: ["web", "app"].randomElement(using: &self)!,
                userID: ["é", "e\u{301}", "1", "2", "3", "4", "5", "6", "7"].randomElement(using: &self)!,
                eventType: ["page_view", "click", "all", "purchase", "b.c"].randomElement(using: &self)!,
                timestamp: time, offset: 0, dimensions: dimensions)
        }
    }

    private mutating func oneOf(_ values: [String]) -> String? {
        Int.random(in: 0..<4, using: &self) == 0 ? nil : values.randomElement(using: &self)
    }

    mutating func days() -> (range: ClosedRange<PeriodNumber>, query: [String: String]) {
        let first = Self.firstDay + PeriodNumber.random(in: -5..<48, using: &self)
        let last = first + PeriodNumber.random(in: 0...24, using: &self)
        return (
            first...last,
            ["from": CivilDate(dayNumber: first).description, "to": CivilDate(dayNumber: last).description]
        )
    }

    /// A source that there is, or all.
    mutating func source(_ recount: NaiveRecount) -> String? {
        Bool.random(using: &self) ? nil : Set(recount.events.map(\.event.source)).sorted().randomElement(using: &self)
    }

    mutating func filter() -> [(dimension: String, values: [String])] {
        (0..<[0, 0, 1, 2, 2, 3].randomElement(using: &self)!).map { _ in
            let known: [String: [String]] = [
                "event_type": ["page_view", "click", "purchase"], "path": ["/", "/é", "/e\u{301}", "/none"],
                "country": ["DE", "FR"], "browser": ["Firefox", "Safari", "Chrome"], "utm_source": ["news"],
                "metadata.plan": ["gold", "a;b|c"],
            ]
            let dimension = Self.dimensions.randomElement(using: &self)!
            let values = known[dimension]!.shuffled(using: &self)
            return (dimension, Array(values.prefix(Int.random(in: 1...2, using: &self))))
        }
    }
}

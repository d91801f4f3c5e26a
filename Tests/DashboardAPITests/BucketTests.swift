import Bitmaps
import Events
import Foundation
import Operations
import Stores
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// Hours, and days of other time zones, from 15-minute buckets.
struct BucketTests {
    /// A visit at a moment.
    private struct Moment {
        var time: Int64
        var user: UInt32

        init(_ text: String, _ user: UInt32) { (time, self.user) = (Timestamp.parse(text.utf8)!, user) }
        init(time: Int64, user: UInt32) { (self.time, self.user) = (time, user) }
    }

    private func tables(_ moments: [Moment]) -> RollupTables {
        var tables = RollupTables(
            state: RollupState(timeZone: "Europe/Berlin", completeThrough: nil, revision: 1))
        for (interval, moments) in Dictionary(grouping: moments, by: { PeriodNumber($0.time / 900_000) }) {
            let key = RollupKey(
                source: "web", granularity: .interval, period: interval, dimension: allDimension, value: "")
            let users = Set(moments.map(\.user))
            tables.counts[key] = RollupCounts(events: Int64(moments.count), visitors: Int64(users.count))
            tables.sets[key] = StoredSet(deltas: [VisitorSet(users.sorted()).serialized()])
        }
        return tables
    }

    private func answer(_ query: String, _ moments: [Moment]) async throws -> VisitorsAnswer {
        try await VisitorsAnswer.answer(
            VisitorsQuery(QueryParameters(text: query, allowed: VisitorsQuery.parameters), timeZone: "Europe/Berlin"),
            from: RollupTransactionModel(tables(moments)))
    }

    private func points(_ answer: VisitorsAnswer) -> [String] {
        (answer.series ?? []).compactMap { point in
            point.events.flatMap { $0 > 0 ? "\(point.start) \(point.visitors) \($0)" : nil }
        }
    }

    /// Clocks go back: the hour from 2 to 3 comes twice, and the day has 25.
    @Test func anAutumnDayByHour() async throws {
        let answer = try await answer(
            "from=2025-10-26&to=2025-10-26&interval=hour",
            [
                Moment("2025-10-26T00:10:00Z", 1), Moment("2025-10-26T00:50:00Z", 1),
                Moment("2025-10-26T01:10:00Z", 1), Moment("2025-10-26T22:59:59Z", 2),
                Moment("2025-10-26T23:00:00Z", 3),
            ])
        #expect(answer.series?.count == 25)
        #expect(
            points(answer) == [
                "2025-10-26T02:00:00+02:00 1 2", "2025-10-26T02:00:00+01:00 1 1", "2025-10-26T23:00:00+01:00 1 1",
            ])
        #expect([answer.visitors, answer.events] == [2, 4])
    }

    @Test func aSpringDayHas23Hours() async throws {
        let answer = try await answer("from=2025-03-30&to=2025-03-30&interval=hour", [])
        #expect(answer.series?.count == 23)
        #expect(answer.series?[2].start == "2025-03-30T03:00:00+02:00")
    }

    @Test func daysOfAnotherZone() async throws {
        let moments = [
            Moment("2025-05-01T18:14:59Z", 1), Moment("2025-05-01T18:15:00Z", 1), Moment("2025-05-02T00:00:00Z", 2),
        ]
        let answer = try await answer("from=2025-05-01&to=2025-05-02&timezone=Asia/Kathmandu", moments)
        #expect(points(answer) == ["2025-05-01 1 1", "2025-05-02 2 2"])
        #expect(answer.visitors == 2)
        let date = try await self.answer("date=2025-05-02&timezone=Asia/Kathmandu", moments)
        #expect([date.visitors, date.events] == [2, 2])
    }

    /// Liberia's days began 44.5 minutes past a UTC hour until 1972.
    @Test func daysThatNoBucketBeginsAreRefused() async throws {
        let problem = await #expect(throws: Problem.self) {
            try await answer("date=1971-06-01&timezone=Africa/Monrovia", [])
        }
        #expect(problem?.field == "timezone")
        _ = try await answer("date=1973-06-01&timezone=Africa/Monrovia", [])
    }

    /// Random moments, recounted with Foundation's calendar.
    @Test(arguments: ["America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe", "UTC"])
    func anyZoneIsARecount(zone: String) async throws {
        var random = SeededRandom.announced()
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: zone)!
        let start = Timestamp.parse("2025-10-20T00:00:00Z".utf8)!
        let moments = (0..<300).map { _ in
            Moment(
                time: start + Int64.random(in: 0..<20 * 86_400_000, using: &random),
                user: UInt32.random(in: 0..<40, using: &random))
        }
        func day(_ moment: Moment) -> String {
            let parts = calendar.dateComponents(
                [.year, .month, .day], from: Date(timeIntervalSince1970: Double(moment.time) / 1000))
            return CivilDate(year: parts.year!, month: parts.month!, day: parts.day!).description
        }
        for interval in ["day", "week", "hour"] {
            let answer = try await answer(
                "from=2025-10-24&to=2025-11-05&interval=\(interval)&timezone=\(zone)", moments)
            let inside = moments.filter { ("2025-10-24"..."2025-11-05").contains(day($0)) }
            #expect(answer.events == Int64(inside.count))
            #expect(answer.visitors == Int64(Set(inside.map(\.user)).count))
            guard interval == "day" else { continue }
            for point in answer.series ?? [] {
                let met = moments.filter { day($0) == point.start }
                #expect([point.events, point.visitors] == [Int64(met.count), Int64(Set(met.map(\.user)).count)])
            }
        }
    }
}

import Events
import Foundation
import Stores
import Testing

@testable import DashboardAPI
@testable import StoreModels

struct VisitorsAnswerTests {
    /// Two weeks: Monday 28 April to Sunday 11 May 2025. User 1 comes back, user 2 only within the second week.
    private let visits = [
        Visit(date: "2025-04-28", user: 1, events: 3), Visit(date: "2025-04-30", user: 1),
        Visit(date: "2025-05-04", user: 1),
        Visit(date: "2025-05-04", user: 4, events: 2), Visit(date: "2025-05-05", user: 2),
        Visit(date: "2025-05-06", user: 2, events: 5), Visit(date: "2025-05-11", user: 1),
        Visit(date: "2025-05-11", user: 70_000), Visit(source: "app", date: "2025-05-11", user: 1),
        Visit(source: "app", date: "2025-05-06", user: 1, events: 2),
    ]

    private func answer(_ query: String, of visits: [Visit]? = nil) async throws -> VisitorsAnswer {
        try await VisitorsAnswer.answer(
            VisitorsQuery(
                QueryParameters(text: query, allowed: VisitorsQuery.parameters), timeZone: "Europe/Berlin"),
            from: RollupTransactionModel(RollupTables(visits ?? self.visits)))
    }

    private func points(_ answer: VisitorsAnswer) -> [String] {
        (answer.series ?? []).map { "\($0.start) \($0.visitors) \($0.events ?? -1)" }
    }

    @Test(
        arguments: [
            ("date=2025-05-04", 2, 3), ("date=2025-05-11", 3, 3), ("date=2025-05-11&source=web", 2, 2),
            ("date=2025-05-11&source=app", 1, 1), ("date=2025-05-07", 0, 0), ("date=2025-05-04&source=none", 0, 0),
        ] as [(String, Int64, Int64)])
    func aDate(query: String, visitors: Int64, events: Int64) async throws {
        let answer = try await answer(query)
        #expect(answer.visitors == visitors)
        #expect(answer.events == events)
        #expect(answer.series == nil)
    }

    /// The union, not the sum: user 1 came on three of the days.
    @Test func aRangeCountsEachVisitorOnce() async throws {
        let answer = try await answer("from=2025-04-28&to=2025-05-05&source=web")
        #expect(answer.visitors == 3)
        #expect(answer.events == 8)
        #expect(
            points(answer) == [
                "2025-04-28 1 3", "2025-04-29 0 0", "2025-04-30 1 1", "2025-05-01 0 0", "2025-05-02 0 0",
                "2025-05-03 0 0", "2025-05-04 2 3", "2025-05-05 1 1",
            ])
        #expect((answer.series ?? []).reduce(0) { $0 + $1.visitors } == 5)
    }

    /// A visitor is a (source, userId): the same number in two sources is two visitors.
    @Test func sourcesAreSummed() async throws {
        let all = try await answer("from=2025-05-05&to=2025-05-11")
        let (web, app) = try await (
            answer("from=2025-05-05&to=2025-05-11&source=web"), answer("from=2025-05-05&to=2025-05-11&source=app")
        )
        #expect([web.visitors, app.visitors, all.visitors] == [3, 1, 4])
        #expect([web.events, app.events, all.events] == [8, 3, 11])
        #expect(points(all).suffix(1) == ["2025-05-11 3 3"])
    }

    /// Weeks that the range touches are told whole; the numbers above them are the range's own.
    @Test func weeksTouchedAreWhole() async throws {
        let answer = try await answer("from=2025-05-04&to=2025-05-05&interval=week&source=web")
        #expect(points(answer) == ["2025-04-28 2 7", "2025-05-05 3 8"])
        #expect(answer.visitors == 3)
        #expect(answer.events == 4)
    }

    @Test func emptyWeeksAreThereToo() async throws {
        let answer = try await answer("from=2025-04-21&to=2025-05-18&interval=week")
        #expect(points(answer) == ["2025-04-21 0 0", "2025-04-28 2 7", "2025-05-05 4 11", "2025-05-12 0 0"])
        #expect(answer.visitors == 5)
    }

    @Test func aRangeWithoutVisitsIsZero() async throws {
        let answer = try await answer("from=2024-12-31&to=2025-01-02")
        #expect(answer.visitors == 0)
        #expect(points(answer) == ["2024-12-31 0 0", "2025-01-01 0 0", "2025-01-02 0 0"])
    }

    @Test func monthsTouchedAreWhole() async throws {
        let answer = try await answer("from=2025-04-30&to=2025-05-04&interval=month&source=web")
        #expect(points(answer) == ["2025-04-01 1 4", "2025-05-01 4 11"])
        #expect(answer.visitors == 2)
        #expect(answer.events == 4)
    }

    @Test func aRangeBesideAnother() async throws {
        let answer = try await answer("from=2025-05-05&to=2025-05-11&compare=previous_period&source=web")
        let other = try #require(answer.comparison)
        #expect([other.from, other.to] == ["2025-04-28", "2025-05-04"])
        #expect([other.numbers.total.visitors, other.numbers.total.events] == [2, 7])
        #expect(other.numbers.points.count == 7)
        #expect([answer.visitors, answer.events] == [3, 8])
    }

    /// Random visits, recounted from the list.
    @Test func anyRangeIsARecount() async throws {
        var random = SeededRandom.announced()
        let start = CivilDate("2024-12-20")!.dayNumber
        for _ in 0..<30 {
            let visits = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                Visit(
                    source: ["web", "app", "shop"].randomElement(using: &random) ?? "web",
                    date: CivilDate(dayNumber: start + Int32.random(in: 0..<30, using: &random)).description,
                    user: UInt32.random(in: 0..<10, using: &random) * 20_000,
                    events: Int64.random(in: 1...3, using: &random))
            }
            let first = Int32.random(in: 0..<30, using: &random)
            let days = first...Int32.random(in: first..<30, using: &random)
            let (from, to) = (
                CivilDate(dayNumber: start + days.lowerBound), CivilDate(dayNumber: start + days.upperBound)
            )
            let inside = visits.filter { (from.description...to.description).contains($0.date) }
            let answer = try await answer("from=\(from)&to=\(to)", of: visits)
            #expect(answer.visitors == Int64(Set(inside.map { "\($0.source)/\($0.user)" }).count))
            #expect(answer.events == inside.reduce(0) { $0 + $1.events })
            for point in answer.series ?? [] {
                let day = visits.filter { $0.date == point.start }
                #expect(point.visitors == Int64(Set(day.map { "\($0.source)/\($0.user)" }).count))
            }
        }
    }
}

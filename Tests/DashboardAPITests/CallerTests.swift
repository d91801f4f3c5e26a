import Events
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Operations
import Stores
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// What somebody sees of the numbers.
struct CallerTests {
    private let visits = [
        Visit(source: "web", date: "2025-05-01", user: 1), Visit(source: "shop", date: "2025-05-01", user: 2),
        Visit(source: "shop", date: "2025-05-01", user: 3), Visit(source: "shop", date: "2025-05-02", user: 3),
        Visit(source: "blog", date: "2025-05-01", user: 1),
    ]

    private func get(
        _ path: String, as caller: Caller, headers: HTTPFields = [:]
    ) async throws -> (response: TestResponse, members: [String: Any]) {
        let router = Router(context: DashboardContext.self)
        router.add(middleware: ProblemMiddleware())
        addDashboardRoutes(
            to: router, store: RollupStoreModel(RollupTables(visits)), timeZone: "Europe/Berlin", cacheSize: 1 << 20,
            access: Access { _ in caller }, pipeline: nil, now: { 0 })
        let response = try await Application(router: router).test(.router) { client in
            try await client.execute(uri: "/api/analytics/\(path)", method: .get, headers: headers)
        }
        let members = try? JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: Any]
        return (response, members ?? [:])
    }

    private func analyst(of sources: Set<String>) -> Caller {
        Caller(subject: "ann", roles: [.analyst], sources: .only(sources))
    }

    /// Over one day rows are read, over two their sets as well; the answer is for the sources that may be seen.
    @Test(arguments: ["visitors?date=2025-05-01", "visitors?from=2025-05-01&to=2025-05-02"])
    func withoutASourceAllThatMayBeSeenAreMeant(path: String) async throws {
        let answers: [(Caller, Int)] = [
            (.anyone, 4), (analyst(of: ["web", "shop"]), 3), (analyst(of: ["shop"]), 2),
            (analyst(of: ["elsewhere"]), 0),
        ]
        for (caller, visitors) in answers {
            let (response, members) = try await get(path, as: caller)
            #expect(response.status == .ok)
            #expect(members["visitors"] as? Int == visitors, "\(caller)")
        }
    }

    @Test(arguments: ["visitors?date=2025-05-01", "breakdown?dimension=path&date=2025-05-01"])
    func aSourceThatMayNotBeSeenIsForbidden(path: String) async throws {
        for source in ["web", "unknown"] {
            let (response, members) = try await get("\(path)&source=\(source)", as: analyst(of: ["shop"]))
            #expect(response.status == .forbidden, "whether there is one or not")
            #expect(members["code"] as? String == "source_not_permitted")
            #expect(members["field"] as? String == "source")
        }
        #expect(try await get("\(path)&source=shop", as: analyst(of: ["shop"])).response.status == .ok)
    }

    @Test func whoMaySeeNothingIsToldSo() async throws {
        let (response, members) = try await get("visitors?date=2025-05-01", as: analyst(of: []))
        #expect(response.status == .forbidden)
        #expect(members["code"] as? String == "source_not_permitted")
    }

    @Test func aRoleIsNeeded() async throws {
        let (response, members) = try await get(
            "visitors?date=2025-05-01", as: Caller(subject: "ann", roles: [], sources: .all))
        #expect(response.status == .forbidden)
        #expect(members["code"] as? String == "role_required")
        #expect(response.headers[.wwwAuthenticate] == #"Bearer error="insufficient_scope""#)
        let admin = Caller(subject: "ada", roles: [.admin], sources: .all)
        #expect(try await get("visitors?date=2025-05-01", as: admin).response.status == .ok, "an admin is an analyst")
    }

    /// One browser, two people: what one of them has must not stand for the other's answer.
    @Test func anAnswerIsTaggedByWhoSeesIt() async throws {
        let path = "visitors?date=2025-05-01"
        let tags = try await [Caller.anyone, analyst(of: ["web"]), analyst(of: ["shop"])].asyncMap { caller in
            try #require(try await get(path, as: caller).response.headers[.eTag])
        }
        #expect(Set(tags).count == 3)
        let other = try await get(path, as: analyst(of: ["shop"]), headers: [.ifNoneMatch: tags[1]])
        #expect(other.response.status == .ok)
        let same = try await get(path, as: analyst(of: ["shop"]), headers: [.ifNoneMatch: tags[2]])
        #expect(same.response.status == .notModified)
        #expect(same.response.headers[.vary] == "Accept, Authorization, Cookie")
    }

    /// One server, several callers: an answer that is kept for one must not be another's.
    @Test func keptAnswersAreForThoseWhoSeeTheSame() async throws {
        let router = Router(context: DashboardContext.self)
        let callers = [
            "any": Caller.anyone, "shop": analyst(of: ["shop"]), "web": analyst(of: ["web"]),
            "both": analyst(of: ["shop", "web"]),
        ]
        addDashboardRoutes(
            to: router, store: RollupStoreModel(RollupTables(visits)), timeZone: "Europe/Berlin", cacheSize: 1 << 20,
            access: Access { head in callers[head.headerFields[.from] ?? ""] ?? .nobody }, pipeline: nil, now: { 0 })
        try await Application(router: router).test(.router) { client in
            for _ in 0..<2 {
                for (name, visitors) in [("any", 4), ("shop", 2), ("web", 1), ("both", 3)] {
                    let response = try await client.execute(
                        uri: "/api/analytics/visitors?date=2025-05-01", method: .get, headers: [.from: name])
                    let members = try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView))
                    #expect((members as? [String: Any])?["visitors"] as? Int == visitors, "\(name)")
                }
            }
        }
    }

    /// Each way of reading, asked past the controller.
    @Test func noReadShowsAHiddenSource() async throws {
        let store = RollupStoreModel(RollupTables(visits))
        let caller = analyst(of: ["shop"])
        try await store.withReader { base in
            let reader = PermittedReader(base: base, caller: caller)
            #expect(try await reader.sources() == ["shop"])
            let days = CivilDate("2025-05-01")!.dayNumber...CivilDate("2025-05-02")!.dayNumber
            let rows = try await reader.rows(.day, periods: days, sources: nil, dimension: nil)
            #expect(!rows.isEmpty && rows.allSatisfy { $0.key.source == "shop" })
            let keys = try await reader.setKeys(.day, periods: days, sources: nil)
            #expect(!keys.isEmpty && keys.allSatisfy { $0.source == "shop" })
            let hidden = try await base.setKeys(.day, periods: days, sources: ["web"])
            await #expect(throws: Problem.self) { _ = try await reader.sets(keys + hidden) }
            await #expect(throws: Problem.self) { _ = try await reader.visitors(of: "web", []) }
            await #expect(throws: Problem.self) {
                _ = try await reader.setKeys(.day, periods: days, sources: ["shop", "web"])
            }
            let week = DimensionWeek(source: "web", dimension: "path", week: days.lowerBound)
            await #expect(throws: Problem.self) { _ = try await reader.recordedValues([week: ["/"]]) }
        }
    }
}

extension Sequence {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}

extension HTTPField.Name {
    fileprivate static let from = HTTPField.Name("From")!
}

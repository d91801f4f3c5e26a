import Bitmaps
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

/// The values of a dimension over days.
struct BreakdownTests {
    private func read(_ text: String) throws -> BreakdownQuery {
        try BreakdownQuery(
            QueryParameters(text: text, allowed: BreakdownQuery.parameters), timeZone: "Europe/Berlin")
    }

    @Test(arguments: [
        ("date=2025-05-01", "dimension"), ("dimension=all&date=2025-05-01", "dimension"),
        ("dimension=colour&date=2025-05-01", "dimension"), ("dimension=metadata.&date=2025-05-01", "dimension"),
        ("dimension=metadata.a'b&date=2025-05-01", "dimension"), ("dimension=path", "date"),
        ("dimension=path&from=2025-05-01", "to"), ("dimension=path&from=2025-05-02&to=2025-05-01", "to"),
        ("dimension=path&from=2024-01-01&to=2025-01-01", "to"), ("dimension=path&date=2025-02-30", "date"),
        ("dimension=path&date=2025-05-01&to=2025-05-02", "to"),
        ("dimension=path&date=2025-05-01&timezone=UTC", "timezone"),
        ("dimension=path&date=2025-05-01&limit=0", "limit"), ("dimension=path&date=2025-05-01&limit=1001", "limit"),
        ("dimension=path&date=2025-05-01&limit=+5", "limit"), ("dimension=path&date=2025-05-01&page=0", "page"),
        ("dimension=path&date=2025-05-01&order=path", "order"), ("dimension=path&date=2025-05-01&source=A", "source"),
        ("dimension=path&date=2025-05-01&interval=day", "interval"),
    ])
    func badOnesNameTheParameter(text: String, field: String) {
        let problem = #expect(throws: Problem.self) { try read(text) }
        #expect(problem?.field == field)
    }

    @Test func goodOnes() throws {
        let query = try read("dimension=utm_source&from=2025-05-01&to=2025-05-07&order=events&limit=5&page=2")
        #expect([query.dimension, query.order.rawValue] == ["utm_source", "events"])
        #expect(query.limit == 5 && query.page == 2)
        #expect(try read("dimension=metadata.plan&date=2025-05-01").dimension == "metadata.plan")
    }

    /// Visits of pages, as rollups.
    private func tables(_ visits: [(source: String, day: PeriodNumber, path: String, user: UInt32)]) -> RollupTables {
        var tables = RollupTables(
            state: RollupState(timeZone: "Europe/Berlin", completeThrough: nil, revision: 3))
        var users: [RollupKey: Set<UInt32>] = [:]
        for visit in visits {
            let key = RollupKey(
                source: visit.source, granularity: .day, period: visit.day, dimension: "path", value: visit.path)
            tables.counts[key, default: RollupCounts(events: 0, visitors: 0)].events += 1
            users[key, default: []].insert(visit.user)
        }
        for (key, users) in users {
            tables.counts[key]?.visitors = Int64(users.count)
            tables.sets[key] = StoredSet(deltas: [VisitorSet(users.sorted()).serialized()])
        }
        return tables
    }

    @Test func anyBreakdownIsARecount() async throws {
        var random = SeededRandom.announced()
        let start = CivilDate("2025-05-01")!.dayNumber
        for _ in 0..<20 {
            let visits = (0..<120).map { _ in
                (
                    source: ["web", "app"].randomElement(using: &random) ?? "",
                    day: start + PeriodNumber.random(in: 0..<6, using: &random),
                    path: ["/", "/a", "/\u{E9}", "/e\u{301}", "(other)"].randomElement(using: &random) ?? "",
                    user: UInt32.random(in: 0..<12, using: &random)
                )
            }
            let query = try read("dimension=path&from=2025-05-02&to=2025-05-04")
            let answer = try await BreakdownAnswer.answer(
                query, from: RollupTransactionModel(tables(visits)))
            let inside = visits.filter { start + 1...start + 3 ~= $0.day }
            let byPath = Dictionary(grouping: inside, by: { ExactText($0.path) })
            #expect(answer.values == byPath.count)
            #expect(answer.capped == (byPath[ExactText("(other)")] != nil))
            for row in answer.rows {
                let met = byPath[ExactText(row.value)] ?? []
                #expect(row.events == Int64(met.count))
                #expect(row.visitors == Int64(Set(met.map { "\($0.source)/\($0.user)" }).count))
            }
            #expect(answer.rows.map(\.visitors) == answer.rows.map(\.visitors).sorted(by: >))
        }
    }

    private func get(_ query: String, accept: String? = nil, _ tables: RollupTables) async throws -> TestResponse {
        let router = Router(context: DashboardContext.self)
        addDashboardRoutes(
            to: router, store: RollupStoreModel(tables), timeZone: "Europe/Berlin", cacheSize: 1 << 20, access: .open,
            pipeline: nil, now: { 0 })
        return try await Application(router: router).test(.router) { client in
            try await client.execute(
                uri: "/api/analytics/breakdown?\(query)", method: .get,
                headers: accept.map { [.accept: $0] } ?? [:])
        }
    }

    @Test func pagesAndOrder() async throws {
        let day = CivilDate("2025-05-01")!.dayNumber
        let tables = tables((0..<7).flatMap { page in (0...page).map { ("web", day, "/\(page)", UInt32($0)) } })
        let first = try await get("dimension=path&date=2025-05-01&limit=3", tables)
        let members = try #require(
            JSONSerialization.jsonObject(with: Data(first.body.readableBytesView)) as? [String: Any])
        #expect(members["values"] as? Int == 7)
        let rows = try #require(members["rows"] as? [[String: Any]])
        #expect(rows.map { $0["value"] as? String } == ["/6", "/5", "/4"])
        #expect(rows.map { $0["visitors"] as? Int } == [7, 6, 5])
        let last = try await get("dimension=path&date=2025-05-01&limit=3&page=3&order=value&format=csv", tables)
        #expect(String(buffer: last.body) == "path,visitors,events\r\n/6,7,7\r\n")
    }

    /// A value may hold anything: it stays one field, and no spreadsheet takes it for a formula.
    @Test func hostileValuesInCSV() async throws {
        let day = CivilDate("2025-05-01")!.dayNumber
        let tables = tables([
            ("web", day, "a,\"b\"\r\nc", 1), ("web", day, "=HYPERLINK(\"x\")", 1), ("web", day, "-1", 1),
        ])
        let response = try await get(
            "dimension=path&date=2025-05-01&order=value", accept: "text/csv;q=0.9, */*", tables)
        #expect(response.headers[.contentType]?.hasPrefix("text/csv") == true)
        #expect(
            String(buffer: response.body)
                == "path,visitors,events\r\n'-1,1,1\r\n\"'=HYPERLINK(\"\"x\"\")\",1,1\r\n"
                + "\"a,\"\"b\"\"\r\nc\",1,1\r\n")
    }
}

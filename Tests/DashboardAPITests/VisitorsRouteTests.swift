import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Operations
import Stores
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// `GET /api/analytics/visitors` as a client sees it.
struct VisitorsRouteTests {
    private let visits = [Visit(date: "2025-05-01", user: 1), Visit(date: "2025-05-02", user: 1, events: 2)]

    private func get(
        _ query: String, headers: HTTPFields = [:], store: RollupStoreModel? = nil, completeThrough: Int64? = nil
    ) async throws -> TestResponse {
        let tables = RollupTables(visits, completeThrough: completeThrough)
        let store = store ?? RollupStoreModel(tables)
        let router = Router(context: DashboardContext.self)
        addDashboardRoutes(
            to: router, store: store, timeZone: "Europe/Berlin", cacheSize: 1 << 20, access: .open,
            pipeline: nil, now: { 0 })
        return try await Application(router: router).test(.router) { client in
            try await client.execute(uri: "/api/analytics/visitors?\(query)", method: .get, headers: headers)
        }
    }

    private func members(_ response: TestResponse) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: Any])
    }

    @Test func aDatesMembers() async throws {
        let response = try await get("date=2025-05-02&source=web", completeThrough: 1_746_100_800_250)
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "application/json")
        let members = try members(response)
        #expect(
            Set(members.keys) == [
                "date", "timezone", "source", "visitors", "events", "new", "returning", "exact", "completeThrough",
                "revision",
            ])
        #expect(members["date"] as? String == "2025-05-02")
        #expect(members["timezone"] as? String == "Europe/Berlin")
        #expect(members["source"] as? String == "web")
        #expect(members["visitors"] as? Int == 1)
        #expect(members["events"] as? Int == 2)
        #expect(members["exact"] as? Bool == true)
        #expect(members["completeThrough"] as? String == "2025-05-01T12:00:00.250Z")
        #expect(members["revision"] as? Int == 7)
    }

    @Test func aRangesMembers() async throws {
        let members = try members(try await get("from=2025-05-01&to=2025-05-02&interval=week"))
        #expect(
            Set(members.keys) == [
                "from", "to", "interval", "timezone", "source", "visitors", "events", "new", "returning", "exact",
                "completeThrough", "revision", "series",
            ])
        #expect(members["from"] as? String == "2025-05-01")
        #expect(members["to"] as? String == "2025-05-02")
        #expect(members["interval"] as? String == "week")
        #expect(members["source"] is NSNull, "all sources")
        #expect(members["completeThrough"] is NSNull, "nothing is known yet")
        let series = try #require(members["series"] as? [[String: Any]])
        #expect(series.map { Set($0.keys) } == [["start", "visitors", "events", "new", "returning"]])
        #expect(series[0]["start"] as? String == "2025-04-28")
    }

    @Test func anUnchangedAnswerIsNotSentAgain() async throws {
        let response = try await get("date=2025-05-02")
        let tag = try #require(response.headers[.eTag])
        let again = try await get("date=2025-05-02", headers: [.ifNoneMatch: tag])
        #expect(again.status == .notModified)
        #expect(again.body.readableBytes == 0)
        let fresher = try await get("date=2025-05-02", headers: [.ifNoneMatch: tag], completeThrough: 1)
        #expect(fresher.status == .ok, "it says something new: how fresh it is")
    }

    @Test func aBadParameterIsAProblem() async throws {
        let response = try await get("date=2025-02-30")
        #expect(response.status == .badRequest)
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(try members(response)["field"] as? String == "date")
    }

    @Test func parametersAreDecoded() async throws {
        #expect(try await get("date=2025%2D05%2D02&timezone=Europe%2FBerlin").status == .ok)
    }

    @Test func aStoreThatIsDownIsUnavailable() async throws {
        let journal = Journal()
        journal.failAlways("open reader")
        let response = try await get("date=2025-05-02", store: RollupStoreModel(journal: journal))
        #expect(response.status == .serviceUnavailable)
        #expect(response.headers[.retryAfter] == "5")
        #expect(try members(response)["code"] as? String == "rollups_unavailable")
    }
}

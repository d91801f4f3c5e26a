import Events
import Foundation
import HTTPTypes
import HummingbirdTesting
import Stores
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// Filters by visitor-day, by examples.
struct FilterAnswerTests {
    /// Ann had Firefox and Germany on different days only; Bob on one day, but never in one event.
    private let events = [
        StoredEvent("ann", "2025-05-05") { ($0.browser, $0.path) = ("Firefox", "/") },
        StoredEvent("ann", "2025-05-06") { ($0.country, $0.path) = ("DE", "/b") },
        StoredEvent("bob", "2025-05-06", type: "purchase") { ($0.browser, $0.path) = ("Firefox", "/") },
        StoredEvent("bob", "2025-05-06") { ($0.country, $0.path) = ("DE", "/a") },
        StoredEvent("bob", "2025-05-08") { ($0.browser, $0.country) = ("Safari", "DE") },
        StoredEvent("cleo", "2025-05-08") { ($0.browser, $0.country, $0.path) = ("Safari", "FR", "/") },
        StoredEvent("bob", "2025-05-08", source: "app") { ($0.browser, $0.country) = ("Firefox", "DE") },
    ]

    private func visitors(_ filter: String, _ more: [String: String] = [:]) async throws -> JSON {
        let query = ["from": "2025-05-05", "to": "2025-05-11", "filter": filter].merging(more) { $1 }
        return try await AnalyticsWorld(events).answer("visitors", query)
    }

    @Test func bothOnOneDay() async throws {
        let answer = try await visitors("browser:Firefox;country:DE", ["source": "web"])
        #expect(answer["visitors"].int == 1)
        #expect(answer["filter"].text == "browser:Firefox;country:DE")
        #expect(answer["filterScope"].text == "visitor-day")
        #expect(answer["series"].list.map(\.["visitors"].int) == [0, 1, 0, 0, 0, 0, 0])
    }

    /// A visitor is a (source, userId), and no day is shared between sources.
    @Test func sourcesAreSummed() async throws {
        #expect(try await visitors("browser:Firefox;country:DE")["visitors"].int == 2)
    }

    @Test func eventsAreKnownUnderOnePredicateOnly() async throws {
        let one = try await visitors("browser:Firefox|Safari", ["source": "web"])
        #expect([one["visitors"].int, one["events"].int] == [3, 4])
        #expect(one["eventsNote"].value == nil)
        let two = try await visitors("browser:Firefox;country:DE")
        #expect(two.names.contains("events") && two["events"].value == nil)
        #expect(two["eventsNote"].text?.contains("several predicates") == true)
        #expect(two["series"].list.allSatisfy { $0.names.contains("events") && $0["events"].value == nil })
    }

    @Test func oneDimensionTwice() async throws {
        #expect(try await visitors("path:/;path:/a")["visitors"].int == 1)
        #expect(try await visitors("path:/;path:/b")["visitors"].int == 0)
    }

    @Test func weeksAreUnionsOfDays() async throws {
        let answer = try await visitors("browser:Firefox|Safari;country:DE", ["interval": "week", "source": "web"])
        #expect(answer["series"].list.map(\.["visitors"].int) == [1])
    }

    /// What values Firefox users in Germany had, on the day on which they were that.
    @Test func breakdownUnderAFilter() async throws {
        let query = [
            "from": "2025-05-05", "to": "2025-05-11", "dimension": "path", "filter": "browser:Firefox;country:DE",
        ]
        let answer = try await AnalyticsWorld(events).answer("breakdown", query)
        #expect(answer["rows"].list.map { "\($0["value"].text!) \($0["visitors"].int!)" } == ["/ 1", "/a 1"])
        #expect(answer["filterScope"].text == "visitor-day")
        #expect(answer["eventsNote"].text != nil && answer["rows"].list[0]["events"].value == nil)
    }

    @Test(arguments: [
        ("visitors", ["from": "2025-05-05", "to": "2025-05-06", "interval": "hour"], "filter", "not_exact"),
        ("visitors", ["date": "2025-05-05", "timezone": "Asia/Kathmandu"], "filter", "not_exact"),
        ("visitors", ["from": "2023-05-05", "to": "2025-05-06"], "to", "invalid_parameter"),
        ("breakdown", ["from": "2025-01-01", "to": "2025-04-30", "dimension": "path"], "to", "invalid_parameter"),
        ("breakdown", ["date": "2025-05-05", "dimension": "path", "order": "events"], "order", "not_exact"),
    ])
    func whatCannotBeAnsweredExactly(path: String, query: [String: String], field: String, code: String) async throws {
        let response = try await AnalyticsWorld(events).get(
            path, query.merging(["filter": "browser:Firefox;country:DE"]) { $1 })
        #expect(response.status == .badRequest)
        let problem = try JSON(response)
        #expect([problem["field"].text, problem["code"].text] == [field, code])
    }

    /// With room for two paths in a week, it is not known who had the third: that week cannot be answered about it.
    @Test func valuesThatAreNotToldApart() async throws {
        let many = ["/1", "/2", "/3"].map { path in StoredEvent("dan", "2025-05-12") { $0.path = path } }
        let world = try await AnalyticsWorld(events + many, maximumValues: 2)
        func ask(_ filter: String, _ from: String, _ to: String) async throws -> (Int?, String?) {
            let query = ["from": from, "to": to, "filter": filter, "source": "web"]
            let json = try JSON(try await world.get("visitors", query))
            return (json["visitors"].int, json["code"].text)
        }
        #expect(try await ask("path:/3", "2025-05-12", "2025-05-18") == (nil, "not_exact"))
        #expect(try await ask("path:/1|/3", "2025-05-12", "2025-05-12") == (nil, "not_exact"))
        #expect(try await ask("path:/1;os:x", "2025-05-12", "2025-05-12") == (0, nil))
        #expect(try await ask("path:/1", "2025-05-12", "2025-05-12") == (1, nil))
        #expect(try await ask("path:(other)", "2025-05-12", "2025-05-12") == (1, nil))
        #expect(try await ask("path:/never", "2025-05-19", "2025-05-25") == (0, nil))
        // The Sunday before belongs to another week, whose own limit was reached by /a or /b.
        #expect(try await ask("path:/never", "2025-05-11", "2025-05-11") == (nil, "not_exact"))
    }
}

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Stores
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// Every parameter of every question, with what it must not be: always a 400 that names it and repeats nothing.
struct BadInputTests {
    private static let events = [StoredEvent("ann", "2025-05-05") { $0.path = "/" }]
    private static let hostile = [
        "<script>alert(1)</script>", "'; DROP TABLE rollup; --", "\" onload=\"x", "../../etc/passwd", "\u{0}",
        "é\u{202E}",
        "%s%n", "{{7*7}}", String(repeating: "a", count: 5000), "\r\nSet-Cookie: x=1", "null", "-1", "1e9",
    ]
    /// A good question of each kind.
    private static let good = [
        "visitors": ["from": "2025-05-05", "to": "2025-05-06"],
        "breakdown": ["from": "2025-05-05", "to": "2025-05-06", "dimension": "path"],
        "events": ["from": "2025-05-05", "to": "2025-05-06"],
        "retention": ["from": "2025-05-05", "to": "2025-05-06"],
    ]
    private static let parameters: [String: Set<String>] = [
        "visitors": VisitorsQuery.parameters, "breakdown": BreakdownQuery.parameters,
        "events": EventsQuery.parameters, "retention": RetentionQuery.parameters,
    ]

    @Test(arguments: ["visitors", "breakdown", "events", "retention"])
    func hostileValues(path: String) async throws {
        let world = try await AnalyticsWorld(Self.events)
        #expect(try await world.get(path, Self.good[path]!).status == .ok)
        for parameter in Self.parameters[path]! {
            // There might be a type of that name.
            for value in Self.hostile where parameter != "type" || value != "null" {
                var query = Self.good[path]!.merging([parameter: value]) { $1 }
                if parameter == "date" { (query["from"], query["to"]) = (nil, nil) }
                try check(try await world.get(path, query), parameter, "\(path) \(parameter)=\(value.prefix(40))")
            }
        }
    }

    @Test func hostileNames() async throws {
        let world = try await AnalyticsWorld(Self.events)
        for name in ["<script>alert(1)</script>", "from'--", "x\u{0}", String(repeating: "n", count: 9000)] {
            let response = try await world.get("visitors", Self.good["visitors"]!.merging([name: "1"]) { $1 })
            try check(response, nil, name)
        }
        try check(try await world.get("/api/analytics/visitors?date=2025-05-05&date=2025-05-05"), "date", "twice")
    }

    /// SQL and HTML in a filter's values are values: nobody had them, and the answer spells them so that nothing runs.
    @Test func hostileFilterValues() async throws {
        let world = try await AnalyticsWorld(Self.events)
        for value in ["<script>alert(1)</script>", "'; DROP TABLE rollup; --".replacing(";", with: "\\;"), "\" x=\""] {
            for query in [["date": "2025-05-05"], ["from": "2025-05-05", "to": "2025-05-11"]] {
                let response = try await world.get("visitors", query.merging(["filter": "path:\(value)"]) { $1 })
                #expect(response.status == .ok)
                #expect(try JSON(response)["visitors"].int == 0)
                #expect(try JSON(response)["filter"].text == "path:\(value)")
                #expect(!String(buffer: response.body).contains("<"))
                #expect(response.headers[.contentLocation]?.contains("<") == false)
            }
        }
        #expect(try JSON(try await world.get("visitors", ["date": "2025-05-05"]))["visitors"].int == 1)
    }

    @Test(arguments: [
        ("visitors", ["date": "2025-02-30"], "date"), ("events", ["date": "2025-02-30"], "date"),
        ("breakdown", ["date": "2025-02-30", "dimension": "path"], "date"),
        ("retention", ["from": "2025-02-30", "to": "2025-03-01"], "from"),
        ("visitors", ["from": "2025-05-02", "to": "2025-05-01"], "to"),
        ("events", ["from": "2025-05-02", "to": "2025-05-01"], "to"),
        ("breakdown", ["from": "2025-05-02", "to": "2025-05-01", "dimension": "path"], "to"),
        ("retention", ["from": "2025-05-02", "to": "2025-05-01"], "to"),
        ("visitors", ["from": "2014-01-01", "to": "2025-05-01"], "to"),
        ("events", ["from": "2014-01-01", "to": "2025-05-01"], "to"),
        ("breakdown", ["from": "2024-01-01", "to": "2025-05-01", "dimension": "path"], "to"),
        ("retention", ["from": "2024-01-01", "to": "2025-05-01"], "to"),
        ("retention", ["to": "2025-05-01"], "from"), ("retention", ["from": "2025-05-01"], "to"),
        ("retention", ["date": "2025-05-01"], "date"),
        ("events", ["from": "2025-01-01", "to": "2025-12-31", "interval": "hour"], "to"),
        ("events", ["from": "2025-03-01", "to": "2025-05-01", "interval": "hour", "limit": "50"], "limit"),
        ("events", ["date": "2025-05-05", "type": "Click"], "type"),
        ("events", ["date": "2025-05-05", "type": "click", "limit": "3"], "limit"),
        ("events", ["date": "2025-05-05", "limit": "51"], "limit"),
        ("events", ["date": "2025-05-05", "filter": "path:/"], "filter"),
        ("visitors", ["date": "2025-05-05", "timezone": "Mars/Olympus"], "timezone"),
        ("breakdown", ["date": "2025-05-05", "dimension": "colour"], "dimension"),
        ("breakdown", ["date": "2025-05-05", "dimension": "path", "timezone": "UTC"], "timezone"),
        ("retention", ["from": "2025-05-05", "to": "2025-05-05", "timezone": "UTC"], "timezone"),
        ("visitors", ["date": "2025-05-05", "filter": "colour:red"], "filter"),
    ])
    func wrongOnes(path: String, query: [String: String], field: String) async throws {
        try check(try await AnalyticsWorld(Self.events).get(path, query), field, "\(path) \(query)")
    }

    /// Nothing has been counted of a source that is asked for: it is misspelt, or has sent nothing yet.
    @Test(arguments: ["visitors", "breakdown", "events", "retention"])
    func unknownSources(path: String) async throws {
        let world = try await AnalyticsWorld(Self.events)
        let response = try await world.get(path, Self.good[path]!.merging(["source": "wbe"]) { $1 })
        try check(response, "source", path)
        #expect(try JSON(response)["code"].text == "unknown_source")
        #expect(try await world.get(path, Self.good[path]!.merging(["source": "web"]) { $1 }).status == .ok)
    }

    private func check(_ response: TestResponse, _ field: String?, _ question: String) throws {
        let body = String(buffer: response.body)
        #expect(response.status == .badRequest, "\(question): \(body)")
        #expect(response.headers[.contentType] == "application/problem+json")
        if let field { #expect(try JSON(response)["field"].text == field, "\(question): \(body)") }
        #expect(!body.contains("<") && !body.contains("DROP") && body.utf8.count < 1200, "\(question): \(body)")
    }
}

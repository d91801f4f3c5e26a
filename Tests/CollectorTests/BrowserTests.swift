import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Stores
import Testing

@testable import Collector
@testable import StoreModels

/// What browsers need: the beacon, the pixel, and leave to read answers.
struct BrowserTests {
    private static let origin = HTTPField.Name("Origin")!

    @Test func aBeaconIsTextWithTheKeyInTheAddress() async throws {
        let client = Client(keys: ["secret": "web"])
        let headers: HTTPFields = [.contentType: "text/plain;charset=UTF-8"]
        let body = Array("[\(eventText("u1")),\(eventText("u2"))]".utf8)
        #expect(try await client.send("POST", "/v1/events?key=secret", headers, body).status == .accepted)
        #expect(client.log.records(of: .userEvents).map { $0[.source] } == ["web", "web"])
        #expect(try await client.send("POST", "/v1/events?key=wrong", headers, body).status == .unauthorized)
    }

    @Test func thePixelIsAnEvent() async throws {
        let client = Client(keys: ["secret": "web"])
        let path =
            "/v1/pixel.gif?key=secret&eventType=mail.open&userId=%C3%BC%201%22&eventId=e1&timestamp=\(noon - 5)"
            + "&url=https%3A%2F%2Fa.example%2F%3Fb%3Dc&title=T+%2B%0A&m.campaign=may&m.a%22b=1&_=123&sentAt=\(noon)"
        let response = try await client.send("GET", path)
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "image/gif" && response.headers[.cacheControl] == "no-store")
        #expect(Array(response.body.readableBytesView) == PixelEndpoint.gif)
        let record = try #require(client.log.records(of: .userEvents).first)
        #expect(record[.source] == "web" && record[.eventID] == "e1" && record[.sentAt] == "\(noon)")
        let event = try #require(try JSONSerialization.jsonObject(with: Data(record.value)) as? [String: Any])
        #expect(event["userId"] as? String == "ü 1\"" && event["eventType"] as? String == "mail.open")
        #expect(event["timestamp"] as? Int64 == noon - 5)
        #expect(
            event["metadata"] as? [String: String]
                == ["url": "https://a.example/?b=c", "title": "T +\n", "campaign": "may", "a\"b": "1"])
    }

    @Test func thePictureComesAfterTheEventIsDurable() async throws {
        let journal = Journal()
        journal.fail(call: 0, .before)
        let client = Client(log: EventLogModel(journal: journal))
        client.log.fail(with: .init(.unreachable, "told to fail"))
        let response = try await client.send("GET", "/v1/pixel.gif?eventType=a&userId=u1")
        #expect(response.status == .serviceUnavailable && response.headers[.retryAfter] == "5")
        #expect(response.headers[.contentType] == "application/problem+json")
    }

    @Test(arguments: [
        ("", "empty_request"), ("?userId=u1", "missing_field"), ("?eventType=a&userId=null", "junk_user_id"),
        ("?eventType=a&userId=u1&userId=u2", "duplicate_field"), ("?eventType=a&userId=u1&page=1", "unknown_field"),
        ("?eventType=a&userId=u1&timestamp=soon", "invalid_format"), ("?eventType=a&userId=u1&m.$x=1", "forbidden_key"),
        ("?eventType=a&userId=u1&m.=1", "unknown_field"), ("?eventType=a&userId=u1&sentAt=x", "invalid_format"),
    ])
    func aWrongPixelIsAProblem(query: String, code: String) async throws {
        let client = Client()
        let response = try await client.send("GET", "/v1/pixel.gif\(query)")
        #expect(response.status == .badRequest && String(buffer: response.body).contains("\"\(code)\""))
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(client.log.records(of: .userEvents).isEmpty)
    }

    @Test(arguments: ["/v1/events", "/v1/pixel.gif"])
    func preflightsAreAnswered(path: String) async throws {
        let response = try await Client(keys: ["k": "web"]).send("OPTIONS", path, [Self.origin: "https://a.example"])
        #expect(response.status == .noContent)
        #expect(response.headers[.accessControlAllowOrigin] == "*")
        #expect(response.headers[.accessControlAllowMethods] == "GET, POST")
        #expect(response.headers[.accessControlAllowHeaders]?.contains("Authorization") == true)
        #expect(response.headers[.accessControlMaxAge] == "86400")
        #expect(response.headers[.accessControlAllowCredentials] == nil)
    }

    @Test func onlyListedOriginsMayReadAnswers() async throws {
        let client = Client(origins: AllowedOrigins(["https://a.example", "https://b.example"]))
        for (origin, isAllowed) in [
            ("https://a.example", true), ("https://A.example", true), ("https://c.example", false),
        ] {
            let preflight = try await client.send("OPTIONS", "/v1/events", [Self.origin: origin])
            #expect(preflight.status == (isAllowed ? .noContent : .forbidden))
            #expect(preflight.headers[.accessControlAllowOrigin] == (isAllowed ? origin : nil))
            #expect(preflight.headers[.vary] == "Origin", "a cache must not give one's answer to another")
        }
    }

    /// A page that may not read why it was refused cannot be mended.
    @Test func refusalsCanBeReadToo() async throws {
        let client = Client(keys: ["k": "web"])
        for (path, status): (String, HTTPResponse.Status) in [
            ("/v1/events", .unauthorized), ("/v1/events?key=k", .badRequest),
            ("/v1/events?key=k&sentAt=x", .badRequest),
        ] {
            let response = try await client.send("POST", path, [Self.origin: "https://a.example"], Array("{".utf8))
            #expect(response.status == status && response.headers[.accessControlAllowOrigin] == "*")
            #expect(response.headers[.accessControlExposeHeaders]?.contains("Retry-After") == true)
        }
        #expect(try await client.send("POST", "/v1/events").headers[.accessControlAllowOrigin] == nil, "no browser")
    }
}

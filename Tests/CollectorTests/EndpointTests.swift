import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Operations
import Stores
import Testing

@testable import Collector
@testable import StoreModels

/// `POST /v1/events` as a client sees it: 2xx only when the log has every accepted event.
struct EndpointTests {
    private func post(
        _ body: String, to path: String = "/v1/events", headers: HTTPFields = [:], keys: [String: String] = [:],
        log: EventLogModel = EventLogModel()
    ) async throws -> TestResponse {
        let router = Router(context: CollectorContext.self)
        addCollectorRoutes(to: router, log: log, keys: WriteKeys(keys), durability: "kafka", now: { noon })
        return try await Application(router: router).test(.router) { client in
            try await client.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
        }
    }

    private func text(_ response: TestResponse) -> String { String(buffer: response.body) }

    @Test func answersWhenTheLogHasIt() async throws {
        let log = EventLogModel()
        let response = try await post(eventText(eventID: "e1"), log: log)
        #expect(response.status == .accepted)
        #expect(text(response) == "{\"accepted\":1,\"rejected\":0,\"durability\":\"kafka\",\"results\":[]}")
        #expect(log.records(of: .userEvents).map { $0[.eventID] } == ["e1"])
        #expect(log.records(of: .userEvents).map { $0[.source] } == ["default"])
    }

    @Test func saysWhereAnythingWasSpilled() async throws {
        try await SpillWorld.with { world in
            let router = Router(context: CollectorContext.self)
            addCollectorRoutes(
                to: router, log: world.kafka, keys: WriteKeys([:]), durability: "kafka", spill: world.spill,
                now: { noon })
            let (good, stuck) = (user(in: 1, of: 4), user(in: 2, of: 4))
            let expected = [
                ("[\(eventText(good))]", "kafka"), ("[\(eventText(good)),\(eventText(stuck))]", "spill"),
            ]
            for (body, durability) in expected {
                if durability == "spill" { world.kafka.set(.leaderless([2])) }
                let response = try await Application(router: router).test(.router) { client in
                    try await client.execute(uri: "/v1/events", method: .post, body: ByteBuffer(string: body))
                }
                #expect(response.status == .accepted)
                #expect(text(response).contains("\"durability\":\"\(durability)\""))
            }
            world.store.set(.down(.unreachable))
            let refused = try await Application(router: router).test(.router) { client in
                try await client.execute(
                    uri: "/v1/events", method: .post, body: ByteBuffer(string: eventText(stuck)))
            }
            #expect(refused.status == .serviceUnavailable)
            #expect(refused.headers[.retryAfter] != nil)
        }
    }

    @Test func listsAllResultsWhenAsked() async throws {
        let response = try await post(eventText(eventID: "e1"), to: "/v1/events?results=all")
        #expect(text(response).contains("\"results\":[{\"eventId\":\"e1\",\"index\":0,\"status\":\"accepted\"}]"))
    }

    @Test(arguments: EventLogError.Code.allCases, Journal.Moment.allCases)
    func isUnavailableWheneverTheLogIs(code: EventLogError.Code, moment: Journal.Moment) async throws {
        let journal = Journal()
        journal.fail(call: 0, moment)
        let log = EventLogModel(journal: journal)
        log.fail(with: EventLogError(code, "told to fail"))
        let response = try await post("[\(eventText("a")),\(eventText("b")),3]", log: log)
        #expect(response.status == .serviceUnavailable)
        #expect(response.headers[.contentType] == "application/problem+json")
        let wait = response.headers[.retryAfter].flatMap { Int($0) }
        #expect((1...60).contains(wait ?? 0))
        #expect(!text(response).contains("accepted"))
    }

    @Test func asksForAKeyWhereThereAreKeys() async throws {
        let keys = ["secret": "web"]
        for (headers, code): (HTTPFields, String) in [
            ([:], "missing_write_key"), ([.authorization: "Bearer wrong"], "unknown_write_key"),
            ([.authorization: "Basic secret"], "missing_write_key"), ([.authorization: "secret"], "missing_write_key"),
        ] {
            let log = EventLogModel()
            let response = try await post(eventText(), headers: headers, keys: keys, log: log)
            #expect(response.status == .unauthorized)
            #expect(response.headers[.wwwAuthenticate] == "Bearer")
            #expect(text(response).contains(code))
            #expect(log.records(of: .userEvents).isEmpty)
        }
    }

    @Test func takesAKeyFromTheHeaderOrTheAddress() async throws {
        let log = EventLogModel()
        let keys = ["secret": "web", "other": "app"]
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let response = try await post(
                eventText(), headers: [.authorization: "\(scheme) secret"], keys: keys, log: log)
            #expect(response.status == .accepted)
        }
        #expect(try await post(eventText(), to: "/v1/events?key=other", keys: keys, log: log).status == .accepted)
        #expect(log.records(of: .userEvents).map { $0[.source] } == ["web", "web", "web", "app"])
    }

    @Test func refusesOtherTypes() async throws {
        let response = try await post(eventText(), headers: [.contentType: "text/html"])
        #expect(response.status == .unsupportedMediaType)
        #expect(text(response).contains("\"field\":\"Content-Type\""))
    }

    @Test func takesAMebibyteAndNotOneByteMore() async throws {
        let event = eventText()
        let body = event + String(repeating: " ", count: CollectorLimits().bodySize - event.utf8.count)
        #expect(CollectorLimits().bodySize == 1_048_576)
        #expect(try await post(body).status == .accepted)
        let response = try await post(body + " ")
        #expect(response.status == .contentTooLarge)
        #expect(text(response).contains("body_too_large"))
    }
}

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Operations
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Collector
@testable import StoreModels

/// Limits as a client sees them. The clock stands still unless a test moves it.
struct LimitTests {
    private final class Clock: Sendable {
        let time = Atomic<Int64>(1_000_000_000_000)
        func advance(seconds: Int64) { time.add(seconds * 1_000_000_000, ordering: .relaxed) }
    }

    private let clock = Clock()
    private let second: Int64 = 1_000_000_000

    private func rules(
        key: BucketRule? = nil, global: BucketRule? = nil, address: BucketRule? = nil, user: BucketRule? = nil,
        denied: [String] = []
    ) -> AdmissionRules {
        AdmissionRules(
            denied: NetworkSet(denied.compactMap { IPNetwork($0) }),
            clientAddress: ClientAddress(
                trusted: NetworkSet(["127.0.0.1", "::1"].compactMap { IPNetwork($0) }), header: .xForwardedFor),
            key: key, global: global,
            addresses: address.map {
                BucketTable("address", capacity: 1_024, rule: $0, metrics: CollectorMetrics.limitTable)
            },
            users: user.map { BucketTable("user", capacity: 1_024, rule: $0, metrics: CollectorMetrics.limitTable) },
            clock: { [clock] in clock.time.load(ordering: .relaxed) })
    }

    /// Over a real connection, for there to be a peer.
    private func withServer(
        _ rules: AdmissionRules, keys: WriteKeys = WriteKeys(["k": "web", "other": "app"]),
        log: EventLogModel = EventLogModel(), _ body: @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        let router = Router(context: CollectorContext.self)
        addCollectorRoutes(to: router, log: log, keys: keys, durability: "kafka", rules: rules, now: { noon })
        try await Application(router: router).test(.live, body)
    }

    @Sendable private func post(
        _ client: any TestClientProtocol, _ body: String, key: String? = "k", from address: String? = nil
    ) async throws -> TestResponse {
        var headers = HTTPFields()
        headers[.authorization] = key.map { "Bearer \($0)" }
        headers[HTTPField.Name("X-Forwarded-For")!] = address
        return try await client.execute(
            uri: "/v1/events", method: .post, headers: headers, body: ByteBuffer(string: body))
    }

    private func batch(_ count: Int, user: String = "u1") -> String {
        "[" + (0..<count).map { _ in eventText(user) }.joined(separator: ",") + "]"
    }

    private func field(_ response: TestResponse, _ name: String) -> String? {
        response.headers[HTTPField.Name(name)!]
    }

    @Test func aKeyHasItsEvents() async throws {
        try await withServer(rules(key: BucketRule(interval: second, burst: 10))) { client in
            let first = try await post(client, batch(4))
            #expect(first.status == .accepted)
            #expect(field(first, "RateLimit-Policy") == #""key";q=10;qu="events";w=10"#)
            #expect(field(first, "RateLimit") == #""key";r=6;t=4"#)
            #expect(field(first, "Retry-After") == nil)
            // A batch may go into debt, which is paid before the next.
            let second = try await post(client, batch(8))
            #expect(second.status == .accepted && field(second, "RateLimit") == #""key";r=0;t=3"#)
            #expect(field(second, "Retry-After") == nil)
            let third = try await post(client, batch(1))
            #expect(third.status == .tooManyRequests && field(third, "Retry-After") == "3")
            #expect(field(third, "RateLimit") == #""key";r=0;t=3"#)
            #expect(String(buffer: third.body).contains(#""code":"key_rate_limited""#))
            #expect(third.headers[.contentType] == "application/problem+json")
            #expect(try await post(client, batch(1), key: "other").status == .accepted, "each key for itself")
            clock.advance(seconds: 3)
            #expect(try await post(client, batch(1)).status == .accepted)
            #expect(try await post(client, batch(1)).status == .tooManyRequests)
        }
    }

    @Test func anAddressHasItsRequestsBeforeItsKeyIsLookedAt() async throws {
        try await withServer(rules(address: BucketRule(interval: second, burst: 2))) { client in
            let one = "2001:db8:0:1::1"
            for _ in 0..<2 {
                #expect(try await post(client, batch(1), key: "wrong", from: one).status == .unauthorized)
            }
            let third = try await post(client, batch(1), from: "2001:db8:0:1::2")
            #expect(third.status == .tooManyRequests, "one network of 64 bits is one client")
            #expect(field(third, "RateLimit-Policy") == #""address";q=2;qu="requests";w=2"#)
            #expect(field(third, "Retry-After") == "1")
            #expect(try await post(client, batch(1), from: "2001:db8:0:2::1").status == .accepted)
            #expect(try await post(client, batch(1), from: "6.6.6.6, 192.0.2.1").status == .accepted)
            clock.advance(seconds: 1)
            #expect(try await post(client, batch(1), from: one).status == .accepted)
        }
    }

    @Test func deniedNetworksAreKeptOut() async throws {
        let log = EventLogModel()
        try await withServer(rules(denied: ["192.0.2.0/24", "2001:db8::/32"]), log: log) { client in
            for address in ["192.0.2.9", "2001:db8:1::1", "8.8.8.8, 192.0.2.9"] {
                let response = try await post(client, batch(1), key: nil, from: address)
                #expect(response.status == .forbidden)
                #expect(String(buffer: response.body).contains("denied_network"))
            }
            // What a client invents before the proxy's own entry is not believed, either way.
            #expect(try await post(client, batch(1), from: "192.0.2.9, 198.51.100.7").status == .accepted)
        }
        #expect(log.records(of: .userEvents).map { $0[.clientAddress] } == ["198.51.100.0"])
    }

    @Test func aUserHasTheirEventsAndTheOthersGoOn() async throws {
        let log = EventLogModel()
        try await withServer(rules(user: BucketRule(interval: second, burst: 2)), log: log) { client in
            let mixed = "[\(eventText("a")),\(eventText("b")),\(eventText("a")),\(eventText("a")),\(eventText("null"))]"
            let response = try await post(client, mixed)
            let text = String(buffer: response.body)
            #expect(response.status == .accepted)
            #expect(text.contains(#""accepted":3,"#) && text.contains(#""code":"rate_limited","field":"userId""#))
            #expect(text.contains(#""index":3"#) && !text.contains(#""index":2"#))
            #expect(field(response, "Retry-After") == nil)
            let again = try await post(client, "[\(eventText("a")),\(eventText("null"))]")
            let body = try JSONSerialization.jsonObject(with: Data(again.body.readableBytesView)) as? [String: Any]
            #expect(again.status == .tooManyRequests && body?["status"] as? Int == 429)
            #expect(body?["code"] as? String == "rate_limited" && (body?["results"] as? [Any])?.count == 2)
            #expect(again.headers[.contentType] == "application/problem+json" && field(again, "Retry-After") == "1")
            #expect(field(again, "RateLimit") == #""user";r=0;t=1"#)
            #expect(
                try await post(client, batch(1, user: "a"), key: "other").status == .accepted, "another source's user")
            #expect(try await post(client, batch(1, user: "null")).status == .badRequest, "no limit is at fault")
        }
        #expect(log.records(of: .userEvents).count == 4)
    }

    @Test func allTogetherHaveTheirsAndNobodyPaysForARefusal() async throws {
        let rules = rules(key: BucketRule(interval: second, burst: 5), global: BucketRule(interval: second, burst: 8))
        try await withServer(rules) { client in
            #expect(try await post(client, batch(5)).status == .accepted)
            for _ in 0..<20 { #expect(try await post(client, batch(5)).status == .tooManyRequests) }
            // Refusals of one key took nothing from the others.
            #expect(try await post(client, batch(3), key: "other").status == .accepted)
            let full = try await post(client, batch(1), key: "other")
            #expect(full.status == .tooManyRequests && String(buffer: full.body).contains("globally_rate_limited"))
            clock.advance(seconds: 1)
            let next = try await post(client, batch(1), key: "other")
            #expect(field(next, "RateLimit") == #""key";r=2;t=3"#, "what the refusal took from the key was given back")
        }
    }

    /// Keys with marks, by a file.
    private func withMarkedKey(
        _ mark: (inout KeyRecord) -> Void, _ body: (String, WriteKeys) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            var (key, record) = KeyRecord.make(source: "web", at: noon)
            mark(&record)
            let path = "\(directory.path)/keys.json"
            try KeysFile.update(path, mayCreate: true) { $0.records.append(record) }
            try await body(key, try WriteKeys([:], file: path))
        }
    }

    @Test func aDayHasItsQuota() async throws {
        try await withMarkedKey {
            $0.dailyQuota = 5
        } _: { key, keys in
            let log = EventLogModel()
            try await withServer(rules(), keys: keys, log: log) { client in
                let first = try await post(client, batch(3), key: key)
                #expect(field(first, "RateLimit-Policy") == #""daily";q=5;qu="events";w=86400"#)
                #expect(field(first, "RateLimit") == #""daily";r=2;t=43200"#)
            }
        }
    }

    @Test func whatTheLogRefusedIsNotOfTheQuota() async throws {
        try await withMarkedKey {
            $0.dailyQuota = 5
        } _: { key, keys in
            let journal = Journal()
            journal.fail(call: 0, .before)
            let log = EventLogModel(journal: journal)
            log.fail(with: EventLogError(.unreachable, "told to fail"))
            try await withServer(rules(), keys: keys, log: log) { client in
                #expect(try await post(client, batch(4), key: key).status == .serviceUnavailable)
                #expect(try await post(client, batch(3), key: key).status == .accepted)
                let partial = try await post(client, batch(4), key: key)
                let text = String(buffer: partial.body)
                #expect(partial.status == .accepted && text.contains(#""accepted":2,"#))
                #expect(text.contains("quota_exceeded") && text.contains(#""index":2"#) && text.contains(#""index":3"#))
                let none = try await post(client, batch(1), key: key)
                #expect(none.status == .tooManyRequests && field(none, "Retry-After") == "43200")
            }
            #expect(log.records(of: .userEvents).count == 5)
        }
    }

    @Test func oldEventsAreRefusedByTheCorrectedTime() async throws {
        try await withMarkedKey {
            ($0.maximumEventAge, $0.isServer) = (.seconds(3600), true)
        } _: { key, keys in
            let log = EventLogModel()
            try await withServer(rules(), keys: keys, log: log) { client in
                func event(_ age: Int64) -> String { eventText(more: ",\"timestamp\":\(noon - age)") }
                let text = String(
                    buffer: try await post(client, "[\(event(3_600_000)),\(event(3_600_001)),\(eventText())]", key: key)
                        .body)
                #expect(text.contains(#""accepted":2,"#) && text.contains(#""code":"too_old","field":"timestamp""#))
                #expect(text.contains(#""index":1"#) && text.contains("1h in the past"))
                let late = "{\"sentAt\":\(noon - 1_000),\"events\":[\(event(3_601_000))]}"
                #expect(try await post(client, late, key: key).status == .accepted)
                #expect(try await post(client, event(3_601_000), key: key).status == .badRequest)
            }
            #expect(log.records(of: .userEvents).allSatisfy { $0[.keyMark] == "server" })
        }
    }
}

import Foundation
import Schemas
import TestSupport
import Testing

extension PipelineTests {
    /// Each way in which the collector refuses, provoked, and held to its document.
    struct RefusalTests {
        private struct Refusal {
            var status: Int
            var code: String
            var method = "POST"
            var path = "/v1/events"
            var query = "key=secret"
            var headers = ["content-type": "application/json"]
            var body: [UInt8]? = Array(RefusalTests.event.utf8)
        }

        fileprivate static let event = #"{"userId":"ada","eventType":"page_view"}"#
        private static let settings = [
            "WRITE_KEYS": "web:secret", "COLLECTOR_HOST": "127.0.0.1", "CORS_ALLOWED_ORIGINS": "https://shop.example",
            "TRUSTED_PROXIES": "127.0.0.1/32", "DENIED_NETWORKS": "192.0.2.0/24", "LIMIT_USER_RATE": "1/h",
            "LIMIT_USER_BURST": "20", "COLLECTOR_HEAD_TIMEOUT": "5s", "COLLECTOR_BODY_TIMEOUT": "5s",
        ]

        private let description: APIDescription

        init() throws {
            description = try APIDescription(String(decoding: OpenAPIDocument.collector.bytes, as: UTF8.self))
        }

        @Test("every refusal is in the document, with its status, code, headers and body")
        func refusals() async throws {
            try await Serve.withServe(Self.settings) { serve in
                for refusal in try Self.refusals() {
                    let url = "\(serve.collectorURL)\(refusal.path)?\(refusal.query)"
                    let answer = try await request(refusal.method, url, headers: refusal.headers, body: refusal.body)
                    try expect(refusal.status, refusal.code, answer, refusal.method, refusal.path)
                }
                try await limits(serve)
                try await broken(serve)
            }
        }

        /// All at once: some take until a time is over.
        private func broken(_ serve: Serve) async throws {
            let port = serve.collectorPort
            try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
                for (index, request) in Self.broken.enumerated() {
                    group.addTask { (index, try await exchange(port: port, request.text)) }
                }
                for try await (index, answer) in group {
                    try expect(Self.broken[index].status, Self.broken[index].code, answer, "POST", "/v1/events")
                }
            }
        }

        /// A user's events are used up, at once or in part.
        private func limits(_ serve: Serve) async throws {
            let events =
                "[\(Array(repeating: #"{"userId":"greedy","eventType":"x"}"#, count: 30).joined(separator: ","))]"
            let url = "\(serve.collectorURL)/v1/events?key=secret"
            let some = try await post(url, events)
            #expect(some.status == 202 && some.headers["ratelimit"] != nil)
            try expect(202, nil, some, "POST", "/v1/events")
            let none = try await post(url, events)
            #expect(none.headers["retry-after"] != nil)
            try expect(429, "rate_limited", none, "POST", "/v1/events")
            let pixel = try await get("\(serve.collectorURL)/v1/pixel.gif?key=secret&userId=greedy&eventType=x")
            try expect(429, "rate_limited", pixel, "GET", "/v1/pixel.gif")
        }

        @Test("without a log all is refused for now, and the document says so")
        func unavailable() async throws {
            let process = try startBothStreams(
                productPath("tributary"), ["collector"],
                environment: [
                    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "COLLECTOR_PORT": "0", "PRODUCE_TIMEOUT": "200ms",
                    "PATH": "/usr/bin:/bin",
                ])
            do {
                let line = try await process.line(within: .seconds(120)) { $0.contains("\"message\":\"listening\"") }
                let port = try #require(line.firstMatch(of: /"port":"([0-9]+)"/)?.1)
                let url = "http://127.0.0.1:\(port)"
                try expect(503, "log_unavailable", try await post("\(url)/v1/events", Self.event), "POST", "/v1/events")
                let pixel = try await get("\(url)/v1/pixel.gif?userId=ada&eventType=x")
                try expect(503, "log_unavailable", pixel, "GET", "/v1/pixel.gif")
                try expect(503, nil, try await get("\(url)/readyz"), "GET", "/readyz")
            } catch {
                process.stop()
                throw error
            }
            process.stop()
        }

        private func expect(
            _ status: Int, _ code: String?, _ answer: Answer, _ method: String, _ path: String
        ) throws {
            #expect(answer.status == status, "\(method) \(path) \(code ?? ""): \(answer)")
            let object = try? JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
            #expect(object?["code"] as? String == code, "\(method) \(path): \(answer)")
            let violations = try description.violations(of: answer, to: description.operation(method, path))
            #expect(violations.isEmpty, "\(method) \(path): \(answer)")
        }

        private static func refusals() throws -> [Refusal] {
            let many = Array("[\(Array(repeating: event, count: 1001).joined(separator: ","))]".utf8)
            let blank = [UInt8](repeating: 0x20, count: 12 << 20)
            let json = ["content-type": "application/json"]
            func coded(_ coding: String) -> [String: String] { json.merging(["content-encoding": coding]) { $1 } }
            func body(_ status: Int, _ code: String, _ text: String) -> Refusal {
                Refusal(status: status, code: code, body: Array(text.utf8))
            }
            func pixel(_ status: Int, _ code: String, _ query: String) -> Refusal {
                Refusal(
                    status: status, code: code, method: "GET", path: "/v1/pixel.gif", query: query, headers: [:],
                    body: nil)
            }
            return [
                body(400, "invalid_json", "{"), body(400, "empty_request", ""), body(400, "empty_request", "[]"),
                body(400, "missing_field", #"{"sentAt":1}"#), body(400, "unknown_field", #"{"events":[],"x":1}"#),
                body(400, "duplicate_field", #"{"events":[],"events":[]}"#),
                body(400, "wrong_type", #"{"events":1}"#), body(400, "invalid_format", #"{"sentAt":"x","events":[]}"#),
                body(400, "missing_field", #"{"userId":"ada"}"#), body(400, "not_an_object", "[1,2]"),
                body(400, "junk_user_id", #"{"userId":"null","eventType":"x"}"#),
                Refusal(status: 400, code: "invalid_format", query: "key=secret&sentAt=x"),
                Refusal(status: 400, code: "broken_encoding", headers: coded("gzip")),
                Refusal(
                    status: 400, code: "truncated_encoding", headers: coded("gzip"),
                    body: Array(try compressed(Array(event.utf8), by: "gzip").dropLast(4))),
                Refusal(
                    status: 400, code: "too_many_members", headers: coded("gzip"),
                    body: try (0..<17).flatMap { _ in try compressed([0x20], by: "gzip") }),
                Refusal(status: 401, code: "missing_write_key", query: ""),
                Refusal(status: 401, code: "unknown_write_key", query: "key=other"),
                Refusal(status: 403, code: "denied_network", headers: ["x-forwarded-for": "192.0.2.7"]),
                Refusal(
                    status: 403, code: "origin_not_allowed", method: "OPTIONS",
                    headers: ["origin": "https://other.example"], body: nil),
                Refusal(status: 404, code: "not_found", path: "/v1/nothing"),
                Refusal(status: 405, code: "method_not_allowed", method: "PUT"),
                body(413, "body_too_large", String(repeating: " ", count: (1 << 20) + 1)),
                Refusal(status: 413, code: "too_many_events", body: many),
                Refusal(
                    status: 413, code: "compression_ratio", headers: coded("gzip"),
                    body: try compressed(blank, by: "gzip")),
                Refusal(status: 415, code: "unsupported_media_type", headers: ["content-type": "image/png"]),
                Refusal(status: 415, code: "unsupported_encoding", headers: coded("br")),
                pixel(400, "missing_field", "key=secret&userId=ada"), pixel(400, "empty_request", "key=secret"),
                pixel(400, "unknown_field", "key=secret&userId=ada&eventType=x&more=1"),
                pixel(400, "duplicate_field", "key=secret&userId=ada&userId=bob&eventType=x"),
                pixel(401, "missing_write_key", "userId=ada&eventType=x"),
            ]
        }

        /// What only bytes on a socket can show.
        private static let broken: [(status: Int, code: String, text: String)] = [
            (400, "malformed_request", "POST /v1/events HTTP/1.1\r\n\r\n"),
            (408, "slow_head", "POST /v1/events HTTP/1.1\r\nHost: x\r\n"),
            (408, "slow_body", "POST /v1/events?key=secret HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"),
            (
                431, "header_too_large",
                "POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Long: \(String(repeating: "x", count: 40_000))\r\n\r\n"
            ),
            (501, "not_supported", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n"),
        ]
    }
}

import Compression
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Stores
import Testing

@testable import Collector
@testable import StoreModels

/// Compressed bodies, in every shape, end as the same events.
struct BodyCodingTests {
    private static let shapes: [(type: String, body: String)] = [
        ("application/json", eventText("u0")),
        ("application/json", "[\(eventText("u0")),\(eventText("u1"))]"),
        ("application/json", "{\"sentAt\":\(noon),\"events\":[\(eventText("u0")),\(eventText("u0"))]}"),
        ("application/x-ndjson", "\(eventText("u0"))\n\(eventText("u1"))\n"),
        ("text/plain;charset=UTF-8", eventText("u0")),
    ]

    /// The same request with the same key gives the same ids, however it was packed.
    @Test(arguments: shapes)
    func packingMakesNoDifference(type: String, body: String) async throws {
        var ids: [[String?]] = []
        for coding in [nil, ContentCoding.gzip, .zstd, .gzip] {
            let client = Client()
            var headers: HTTPFields = [.contentType: type, HTTPField.Name("Idempotency-Key")!: "k-1"]
            headers[.contentEncoding] = coding?.rawValue
            let bytes = try coding.map { try compressed(Array(body.utf8), $0) } ?? Array(body.utf8)
            let response = try await client.send("POST", "/v1/events", headers, bytes)
            #expect(response.status == .accepted, "\(String(buffer: response.body))")
            #expect(!String(buffer: response.body).contains("dedupe"))
            ids.append(client.log.records(of: .userEvents).map { $0[.eventID] })
        }
        #expect(Set(ids).count == 1 && Set(ids[0]).count == ids[0].count, "\(ids)")
    }

    @Test(arguments: ["br", "deflate", "gzip, gzip", "zstd,gzip", "compress"])
    func otherCodingsAreRefusedWithWhatIsTaken(name: String) async throws {
        let response = try await Client().send("POST", "/v1/events", [.contentEncoding: name], [1])
        #expect(response.status == .unsupportedMediaType)
        #expect(response.headers[.acceptEncoding] == "gzip, zstd")
        #expect(String(buffer: response.body).contains("unsupported_encoding"))
    }

    @Test(arguments: ContentCoding.allCases)
    func whatCannotBeInflatedIsNamed(coding: ContentCoding) async throws {
        let whole = try compressed(Array(eventText().utf8), coding)
        let bomb = try compressed([UInt8](repeating: 0x20, count: 30 << 20), coding)
        let (members, nested) = ([[UInt8]](repeating: whole, count: 17).joined(), try compressed(whole, coding))
        for (bytes, status, code) in [
            (Array(whole.dropLast()), 400, "truncated_encoding"), (Array("{}".utf8) + whole, 400, "broken_encoding"),
            (Array(members), 400, "too_many_members"), (bomb, 413, "compression_ratio"),
            (nested, 400, "invalid_json"), ([UInt8](repeating: 0, count: (1 << 20) + 1), 413, "body_too_large"),
        ] {
            let client = Client()
            let response = try await client.send("POST", "/v1/events", [.contentEncoding: coding.rawValue], bytes)
            #expect(response.status.code == status && String(buffer: response.body).contains(code), "\(code)")
            #expect(client.log.records(of: .userEvents).isEmpty)
        }
    }

    @Test func anEventThatNoLogTakesIsRefusedByItself() async throws {
        let large = "{\(String(repeating: " ", count: 900_000))" + eventText("u1").dropFirst()
        let body = "[\(large),\(eventText("u2"))]"
        let client = Client()
        let response = try await client.send("POST", "/v1/events", [:], Array(body.utf8))
        #expect(response.status == .accepted)
        let text = String(buffer: response.body)
        #expect(text.contains("\"accepted\":1") && text.contains("too_large"), "\(text)")
        #expect(
            client.log.records(of: .userEvents).map { $0.key.map { String(decoding: $0, as: UTF8.self) } } == ["u2"])
    }

    @Test func sentAtStandsBesideBodiesThatCannotTell() async throws {
        for (path, sentAt) in [
            ("?sentAt=\(noon - 5)", "\(noon - 5)"), ("?sentAt=2025-05-01T11:59:59Z", "\(noon - 1000)"),
        ] {
            let client = Client()
            let response = try await client.send("POST", "/v1/events\(path)", [:], Array("[\(eventText())]".utf8))
            #expect(response.status == .accepted)
            #expect(client.log.records(of: .userEvents).map { $0[.sentAt] } == [sentAt])
        }
        let response = try await Client().send("POST", "/v1/events?sentAt=now", [:], Array(eventText().utf8))
        #expect(response.status == .badRequest && String(buffer: response.body).contains("\"field\":\"sentAt\""))
    }

    @Test func memoryForBodiesIsBounded() async throws {
        var limits = CollectorLimits()
        limits.bufferedBytes = 10
        let client = Client(limits: limits)
        let response = try await client.send("POST", "/v1/events", [:], Array(eventText().utf8))
        #expect(response.status == .serviceUnavailable && response.headers[.retryAfter] == "1")
        limits = CollectorLimits()
        limits.requestsInFlight = 0
        let busy = try await Client(limits: limits).send("POST", "/v1/events", [:], Array(eventText().utf8))
        #expect(busy.status == .serviceUnavailable && String(buffer: busy.body).contains("too_busy"))
    }

    @Test func whatIsNotNeededAnyMoreIsGivenBack() {
        var limits = CollectorLimits()
        (limits.bufferedBytes, limits.requestsInFlight) = (10, 1)
        let admission = Admission(limits: limits)
        for _ in 0..<3 {
            var one = admission.share()
            var other = admission.share()
            #expect(one.grow(by: 6) && other.grow(by: 4) && !one.grow(by: 1))
            #expect(admission.enter() && !admission.enter())
            admission.leave()
        }
    }
}

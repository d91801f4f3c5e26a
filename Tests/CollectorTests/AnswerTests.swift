import Foundation
import HTTPTypes
import Hummingbird
import Testing

@testable import Collector
@testable import StoreModels

/// What a client is told, in the contract's words.
struct AnswerTests {
    /// The members of an answer.
    private func answer(
        _ body: String, results: Bool = false, key: String? = "k"
    ) async throws -> (response: Response, members: [String: Any]) {
        let request = try read(body)
        let facts = RequestFacts(source: "web", receivedAt: noon, idempotencyKey: key)
        let admitted = try await Publisher(log: EventLogModel()).publish(request, facts)
        let answer = IngestAnswer(request, admitted: admitted, durability: "kafka", includesAccepted: results)
        let response = try answer.response()
        let writer = BodyCollector()
        try await response.body.write(writer)
        let json = try JSONSerialization.jsonObject(with: Data(await writer.bytes))
        return (response, try #require(json as? [String: Any]))
    }

    private func results(_ members: [String: Any]) throws -> [[String: Any]] {
        try #require(members["results"] as? [[String: Any]])
    }

    @Test func allAccepted() async throws {
        let (response, members) = try await answer("[\(eventText("a")),\(eventText("b"))]")
        #expect(response.status == .accepted)
        #expect(response.headers[.contentType] == "application/json")
        #expect(Set(members.keys) == ["accepted", "rejected", "durability", "results"])
        #expect(members["accepted"] as? Int == 2)
        #expect(members["rejected"] as? Int == 0)
        #expect(members["durability"] as? String == "kafka")
        #expect(try results(members).isEmpty)
    }

    @Test func rejectedOnesAreAlwaysListed() async throws {
        let (response, members) = try await answer(
            "[\(eventText("a")),\(eventText("null", eventID: "e2")),\(eventText("b")),3]")
        #expect(response.status == .accepted)
        #expect(members["accepted"] as? Int == 2)
        #expect(members["rejected"] as? Int == 2)
        let results = try results(members)
        #expect(results.map { $0["index"] as? Int } == [1, 3])
        #expect(results.map { $0["status"] as? String } == ["rejected", "rejected"])
        #expect(results.map { $0["eventId"] as? String } == ["e2", nil])
        let errors = results.compactMap { $0["error"] as? [String: String] }
        #expect(errors.map { $0["code"] } == ["junk_user_id", "not_an_object"])
        #expect(errors.map { $0["field"] } == ["userId", ""])
        #expect(errors.allSatisfy { $0["message"]?.isEmpty == false })
    }

    @Test func allAreListedInOrderWhenAskedFor() async throws {
        let (_, members) = try await answer(
            "[1,\(eventText("a", eventID: "e1")),2,\(eventText("b", eventID: "e3"))]", results: true)
        let results = try results(members)
        #expect(results.map { $0["index"] as? Int } == [0, 1, 2, 3])
        #expect(results.map { $0["status"] as? String } == ["rejected", "accepted", "rejected", "accepted"])
        #expect(results.map { $0["eventId"] as? String } == [nil, "e1", nil, "e3"])
    }

    @Test func freshIdentitiesAreToldAsNotDeduplicated() async throws {
        let body = "[\(eventText("a", eventID: "e0")),\(eventText("b"))]"
        let (_, members) = try await answer(body, results: true, key: nil)
        #expect(members["dedupe"] as? String == "none")
        #expect(try results(members).map { $0["dedupe"] as? String } == [nil, "none"])
        let (_, brief) = try await answer(body, key: nil)
        #expect(brief["dedupe"] as? String == "none")
        #expect(try await answer(body).members["dedupe"] == nil, "with an Idempotency-Key there is a key to dedupe by")
    }

    @Test func allRejectedIsAProblem() async throws {
        let (response, members) = try await answer("[\(eventText("null")),2]")
        #expect(response.status == .badRequest)
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(members["type"] as? String == "about:blank")
        #expect(members["title"] as? String == "Bad Request")
        #expect(members["status"] as? Int == 400)
        #expect(members["code"] as? String == "junk_user_id")
        #expect(members["field"] as? String == "userId")
        #expect((members["detail"] as? String)?.hasPrefix("all 2 events were rejected; the first: userId ") == true)
        #expect(members["durability"] == nil)
        #expect(members["accepted"] as? Int == 0)
        #expect(members["rejected"] as? Int == 2)
        #expect(try results(members).map { $0["index"] as? Int } == [0, 1])
    }

    @Test func aSingleRejectedEventIsNamedPlainly() async throws {
        let (_, members) = try await answer("{\"userId\":\"a\"}")
        #expect(members["field"] as? String == "eventType")
        #expect(members["detail"] as? String == "eventType is required")
    }
}

/// Collects a response's body.
private actor BodyCollector: ResponseBodyWriter {
    private(set) var bytes: [UInt8] = []

    nonisolated func write(_ buffer: ByteBuffer) async throws { await append(Array(buffer.readableBytesView)) }
    nonisolated func finish(_ trailingHeaders: HTTPFields?) async throws {}

    private func append(_ new: [UInt8]) { bytes += new }
}

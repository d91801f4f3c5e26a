import Events
import Stores
import Testing

@testable import Collector
@testable import StoreModels

/// What reaches the log: the event's own bytes, and beside them what the collector knows.
struct PublishingTests {
    private let facts = RequestFacts(
        source: "web", receivedAt: noon, clientAddress: "192.0.2.0", userAgent: "Agent/1",
        traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")

    @Test func valuesAreTheBytesThatWereSent() async throws {
        let time = ",\"timestamp\":\"2025-05-01T11:59:00Z\""
        let events = [
            eventText("u1", more: time + ",\"metadata\":{\"b\":1.0e0,\"a\":\"\\u00e9é\",\"b\":2}"),
            "{ \"timestamp\" : 1746100800000 ,\t\"userId\":\"u2\", \"eventType\":\"a\" }",
        ]
        let list = events.joined(separator: " , ")
        for body in ["[\(list)]", "{\"events\":[\(list)],\"sentAt\":\(noon)}"] {
            let records = try await publish(body, facts: facts).records
            #expect(records.map { String(decoding: $0.value, as: UTF8.self) } == events)
            #expect(records.allSatisfy { $0[.timestampFrom] == nil })
        }
    }

    @Test func headersSayWhatTheCollectorKnows() async throws {
        let record = try #require(
            try await publish("{\"sentAt\":1746100799000,\"events\":[\(eventText(eventID: "e1"))]}", facts: facts)
                .records.first)
        let expected: [(HeaderName, String)] = [
            (.source, "web"), (.receivedAt, "1746100800000"), (.sentAt, "1746100799000"),
            (.clientAddress, "192.0.2.0"), (.userAgent, "Agent/1"), (.eventID, "e1"), (.timestampFrom, "receipt"),
            (.traceparent, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ]
        for (name, value) in expected { #expect(record[name] == value, "\(name)") }
        #expect(record.headers.count == expected.count)
        #expect(record.timestamp == noon, "the time of receipt, never the event's")
    }

    @Test func clientHintsTravelAsTheyWereSent() async throws {
        var facts = facts
        facts.hints = ClientHints(brands: "\"Chromium\";v=\"131\"", platform: "\"Linux\"", mobile: "?0")
        let record = try #require(try await publish(eventText(), facts: facts).records.first)
        #expect(record[.clientHintBrands] == "\"Chromium\";v=\"131\"")
        #expect(record[.clientHintPlatform] == "\"Linux\"" && record[.clientHintMobile] == "?0")
    }

    @Test func whatIsNotKnownIsAbsent() async throws {
        let (_, records) = try await publish(eventText(eventID: "e1", more: ",\"timestamp\":1"))
        #expect(records.map { Set($0.headers.map(\.name)) } == [["source", "received-at", "event-id"]])
    }

    @Test(arguments: ["a", "é", "€", "😀"])
    func longHeadersAreCutBetweenCharacters(character: String) async throws {
        var facts = facts
        facts.userAgent = "x" + String(repeating: character, count: 2000)
        let record = try #require(try await publish(eventText(), facts: facts).records.first)
        let cut = try #require(record[.userAgent], "what is cut is still UTF-8")
        #expect(facts.userAgent?.hasPrefix(cut) == true)
        #expect((1021...1024).contains(cut.utf8.count))
    }

    @Test func theKeyIsTheDecodedUser() async throws {
        let (_, records) = try await publish(
            "[\(eventText("\\u00fcser\\n\\\"1\\\"")),\(eventText("üser\\n\\\"1\\\""))]")
        #expect(records.map(\.key) == Array(repeating: Array("üser\n\"1\"".utf8), count: 2))
    }

    @Test(arguments: ["", " ", "\n  "])
    func theTimeOfReceiptIsSplicedIn(space: String) async throws {
        let text = "{\(space)\"userId\":\"u1\",\"eventType\":\"a\",\"metadata\":{\"timestamp\":1}}"
        let record = try #require(try await publish("[\(text)]", facts: facts).records.first)
        #expect(
            String(decoding: record.value, as: UTF8.self)
                == "{\"timestamp\":\"2025-05-01T12:00:00.000Z\"," + text.dropFirst())
        #expect(record[.timestampFrom] == "receipt")
        let (before, after) = (
            try read(text).items[0], try read(String(decoding: record.value, as: UTF8.self)).items[0]
        )
        #expect(before.event?.timestamp == nil)
        #expect(after.event?.timestamp == noon)
        #expect(after.violation == nil)
        #expect(after.event?.userID == before.event?.userID)
        #expect(after.event?.metadata?.count == before.event?.metadata?.count)
    }

    @Test func rejectedEventsDoNotReachTheLog() async throws {
        let (admitted, records) = try await publish("[\(eventText("null")),\(eventText("u2")),1,\(eventText("u4"))]")
        #expect(admitted.map(\.index) == [1, 3])
        #expect(records.map(\.key) == [Array("u2".utf8), Array("u4".utf8)])
    }

    @Test func nothingIsProducedWhenAllAreRejected() async throws {
        let journal = Journal()
        let publisher = Publisher(log: EventLogModel(journal: journal))
        #expect(try await publisher.publish(read("[1,2]"), facts).isEmpty)
        #expect(journal.calls.isEmpty)
    }

    @Test func oneRequestIsOneCall() async throws {
        let journal = Journal()
        let publisher = Publisher(log: EventLogModel(journal: journal))
        _ = try await publisher.publish(read("[\(eventText("a")),\(eventText("b"))]"), facts)
        #expect(journal.calls == ["produce user-events"])
    }

    @Test(arguments: Journal.Moment.allCases)
    func aFailureOfTheLogIsThrown(moment: Journal.Moment) async throws {
        let journal = Journal()
        journal.fail(call: 0, moment)
        let publisher = Publisher(log: EventLogModel(journal: journal))
        await #expect(throws: EventLogError.self) { try await publisher.publish(read(eventText()), facts) }
    }
}

import Events
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import ServiceLifecycle
import Stores
import Synchronization
import Testing

@testable import Collector
@testable import StoreModels

/// Rejected events reach the dead-letter topic, within limits, and no answer waits for it.
struct RejectedEventsTests {
    private let facts = RequestFacts(
        source: "web", receivedAt: noon, clientAddress: "192.0.2.0", userAgent: "Agent/1", traceparent: "00-aa-bb-01")

    /// Runs the service while the body is carried out, then ends it as a shutdown does.
    private func withService(
        _ log: EventLogModel, limits: RejectedEventsLimits = RejectedEventsLimits(), now: Int64 = noon,
        _ body: (RejectedEvents) async throws -> Void
    ) async throws {
        let rejected = RejectedEvents(
            log: log, limits: limits, logger: Logger(label: "test"), now: { now }, clock: { 0 })
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: rejected)], logger: Logger(label: "test")))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            try await body(rejected)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func bad(_ userID: String = "u1", more: String = "") -> String {
        eventText(userID, more: ",\"x\":1" + more)
    }

    @Test func aLetterSaysWhatTheCollectorKnows() async throws {
        let log = EventLogModel()
        let body = "{\"sentAt\":1746100799000,\"events\":[\(eventText("u0")),\(bad()),{\"eventId\":\"e2\"}]}"
        try await withService(log) { $0.offer(try read(body), facts) }
        let letters = log.records(of: .deadLetters)
        try #require(letters.count == 2)
        let headers: [(HeaderName, String?)] = [
            (.source, "web"), (.receivedAt, String(noon)), (.sentAt, "1746100799000"), (.clientAddress, "192.0.2.0"),
            (.userAgent, "Agent/1"), (.traceparent, "00-aa-bb-01"), (.deadLetterStage, "collect"),
            (.deadLetterReason, "unknown_field"), (.deadLetterFailedAt, String(noon)), (.deadLetterAttempts, "1"),
            (.deadLetterReplays, "0"), (.deadLetterTopic, nil), (.deadLetterPartition, nil), (.deadLetterOffset, nil),
            (.deadLetterTruncatedFrom, nil), (.eventID, nil),
        ]
        for (name, value) in headers { #expect(letters[0][name] == value, "\(name)") }
        #expect(letters[0][.deadLetterMessage]?.hasPrefix("x is not a field of an event") == true)
        #expect(letters[0].value == Array(bad().utf8) && letters[0].key == Array("u1".utf8))
        #expect(letters[1][.eventID] == "e2" && letters[1].key == nil)
        #expect(letters[1][.deadLetterReason] == "missing_field")
        let batch = RecordBatch(letters)
        #expect(batch.deadLetterStage(at: 0) == .collect && DeadLetterStage.collect.wasInTheLog == false)
    }

    @Test func aLineThatIsNotJSONIsKeptAsItIs() async throws {
        let log = EventLogModel()
        try await withService(log) { $0.offer(try read("\(eventText())\n{\"broken\n", .newlineDelimited), facts) }
        let letters = log.records(of: .deadLetters)
        #expect(letters.map(\.value) == [Array("{\"broken".utf8)])
        #expect(letters.first?[.deadLetterReason] == "invalid_json")
    }

    /// Not even the number of events in it is known: the body is one letter.
    @Test(arguments: [
        (#"[{"userId":"u1","eventType":"t"},{"userId":"u2""#, "invalid_json"), ("nonsense", "invalid_json"),
        (#"{"sentAt":1746100800000}"#, "missing_field"), (#"{"events":[],"user":"u1"}"#, "unknown_field"), ("", nil),
        ("[]", nil), ("[1,1,1]", nil),
    ])
    func aBodyThatCannotBeReadIsOneLetter(_ body: String, _ reason: String?) async throws {
        let log = EventLogModel()
        var limits = CollectorLimits()
        limits.events = 2
        try await withService(log) { [limits] rejected in
            let router = Router(context: CollectorContext.self)
            addCollectorRoutes(
                to: router, log: log, keys: WriteKeys([:]), durability: "kafka", rejected: rejected, limits: limits,
                now: { noon })
            try await Application(router: router).test(.router) { client in
                let answer = try await client.execute(uri: "/v1/events", method: .post, body: ByteBuffer(string: body))
                #expect(answer.status == (body == "[1,1,1]" ? .contentTooLarge : .badRequest))
            }
        }
        let letters = log.records(of: .deadLetters)
        #expect(letters.map { $0[.deadLetterReason] } == [reason].compactMap(\.self))
        #expect(letters.allSatisfy { $0.value == Array(body.utf8) && $0[.deadLetterStage] == "collect" })
        #expect(letters.allSatisfy { $0[.deadLetterMessage]?.isEmpty == false && $0.key == nil })
        #expect(log.records(of: .userEvents).isEmpty)
    }

    @Test func manyBytesAreCut() async throws {
        let log = EventLogModel()
        let event = bad(more: ",\"metadata\":{\"a\":\"\(String(repeating: "x", count: 100_000))\"}")
        try await withService(log) { $0.offer(try read(event), facts) }
        let letter = try #require(log.records(of: .deadLetters).first)
        #expect(letter.value == Array(event.utf8.prefix(65_536)))
        #expect(letter[.deadLetterTruncatedFrom] == String(event.utf8.count))
    }

    @Test func noMoreThanTheRateAllows() async throws {
        var limits = RejectedEventsLimits()
        (limits.rate, limits.burst) = (1, 10)
        let log = EventLogModel()
        try await withService(log, limits: limits) { rejected in
            let many = try read("[\((0..<30).map { bad("u\($0)") }.joined(separator: ","))]")
            rejected.offer(many, facts)
            rejected.offer(many, facts)
        }
        #expect(log.records(of: .deadLetters).count == 10)
    }

    @Test func noMoreThanTheQueueHolds() async throws {
        var limits = RejectedEventsLimits()
        limits.queueSize = 10_000
        let log = EventLogModel()
        let rejected = RejectedEvents(log: log, limits: limits, logger: Logger(label: "test"), now: { noon })
        // Nobody writes yet.
        for number in 0..<100 { rejected.offer(try read(bad("u\(number)")), facts) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: rejected)], logger: Logger(label: "test")))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            while log.records(of: .deadLetters).isEmpty { try await Task.sleep(for: .milliseconds(1)) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect((1...20).contains(log.records(of: .deadLetters).count))
    }

    @Test func aLogThatFailsIsTriedAgain() async throws {
        let journal = Journal()
        for call in 0..<3 { journal.fail(call: call, .before) }
        let log = EventLogModel(journal: journal)
        try await withService(log) { rejected in
            rejected.offer(try read(bad()), facts)
            while log.records(of: .deadLetters).isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(log.records(of: .deadLetters).count == 1)
    }

    @Test func theEndpointRecordsWhatItAnswered() async throws {
        let log = EventLogModel()
        try await withService(log) { rejected in
            let router = Router(context: CollectorContext.self)
            addCollectorRoutes(
                to: router, log: log, keys: WriteKeys(["secret": "web"]), durability: "kafka", rejected: rejected,
                now: { noon })
            try await Application(router: router).test(.router) { client in
                for (path, status): (String, HTTPResponse.Status) in [
                    ("/v1/events", .unauthorized), ("/v1/events?key=secret", .accepted),
                ] {
                    let body = ByteBuffer(string: "[\(eventText()),\(bad())]")
                    let answer = try await client.execute(uri: path, method: .post, body: body)
                    #expect(answer.status == status)
                }
            }
        }
        // Nothing of the one without a key.
        #expect(log.records(of: .deadLetters).map { $0[.source] } == ["web"])
    }

    /// A client that is told 503 sends all of it again.
    @Test func nothingIsRecordedOfARequestThatFailed() async throws {
        let journal = Journal()
        journal.fail(call: 0, .before)
        let log = EventLogModel(journal: journal)
        try await withService(log) { rejected in
            let router = Router(context: CollectorContext.self)
            addCollectorRoutes(
                to: router, log: log, keys: WriteKeys([:]), durability: "kafka", rejected: rejected, now: { noon })
            try await Application(router: router).test(.router) { client in
                let body = ByteBuffer(string: "[\(eventText()),\(bad())]")
                let answer = try await client.execute(uri: "/v1/events", method: .post, body: body)
                #expect(answer.status == .serviceUnavailable)
            }
        }
        #expect(log.records(of: .deadLetters).isEmpty)
    }

    /// It comes again: recording it each time would be noise.
    @Test func whatIsRefusedForNowOnlyIsNotRecorded() async throws {
        let log = EventLogModel()
        try await withService(log) { rejected in
            var request = try read("[\(bad()),\(eventText()),\(eventText())]")
            request.items[1].violation = EventViolation(.rateLimited, field: "userId", "")
            request.items[2].violation = EventViolation(.tooOld, field: "timestamp", "")
            rejected.offer(request, facts)
        }
        #expect(log.records(of: .deadLetters).map { $0[.deadLetterReason] } == ["unknown_field", "too_old"])
    }
}

import KafkaLog
import Stores
import TestSupport
import Testing

/// What only the Kafka engine has: librdkafka's limits, faults injected into the broker, and its properties.
@Suite("KafkaLog under fault injection") struct KafkaLogFaultTests {
    @Test("a full queue refuses at once and whole, and takes records again")
    func queueFull() async throws {
        try await withBroker { fixture in
            let log = try await fixture.open(properties: ["queue.buffering.max.messages": "100"])
            _ = try await log.produce(RecordBatch("warm", 1), to: .checked)
            try await fixture.broker.command("rtt 1 6000")
            async let slow = log.produce(RecordBatch("slow", 80), to: .checked)
            try await Task.sleep(for: .milliseconds(300))
            let start = ContinuousClock.now
            await expectLogError(.queueFull) { _ = try await log.produce(RecordBatch("refused", 50), to: .checked) }
            #expect(ContinuousClock.now - start < .milliseconds(500))
            #expect(try await slow.count == 80)
            try await fixture.broker.command("rtt 1 0")
            #expect(try await log.produce(RecordBatch("later", 50), to: .checked).count == 50)
            let extent = try await log.watermarks(of: .checked, partitions: [0])
            #expect(extent == [0: Watermarks(low: 0, high: 131)])
        }
    }

    @Test("a call of more records than the queue takes fails, and the next one works")
    func largerThanTheQueue() async throws {
        try await withBroker { fixture in
            let log = try await fixture.open(properties: ["queue.buffering.max.messages": "100"])
            await expectLogError(.queueFull) { _ = try await log.produce(RecordBatch("x", 500), to: .checked) }
            try await eventually("records are taken again") {
                (try? await log.produce(RecordBatch("y", 100), to: .checked)) != nil
            }
        }
    }

    @Test("a fatal producer is replaced: those who wait fail, the next call works")
    func fatal() async throws {
        try await withBroker { fixture in
            let log = try await fixture.open(properties: [:])
            // InitProducerId, refused for good: fatal to an idempotent producer.
            try await fixture.broker.command("request-errors 22 CLUSTER_AUTHORIZATION_FAILED")
            await expectLogError(.timedOut, .unreachable, .notAuthorized, .other) {
                _ = try await log.produce(RecordBatch("x", 10), to: .checked)
            }
            #expect(try await log.produce(RecordBatch("y", 10), to: .checked).count == 10)
        }
    }

    @Test("a member's fatal error is told as such, and another member takes its place")
    func fatalConsumer() async throws {
        try await withBroker { fixture in
            let log = try await fixture.open(properties: [:])
            _ = try await log.produce(RecordBatch("x", 10), to: .checked)
            let consumer = try await log.consumer(group: "fatal", topic: .checked)
            _ = try await consumer.awaitAssignment()
            try await consumer.assign([0: 0])
            // A heartbeat that is answered so is fatal to a member.
            try await fixture.broker.command("request-errors 12 FENCED_INSTANCE_ID")
            await expectLogError(.consumerLost) {
                let deadline = ContinuousClock.now + .seconds(60)
                while .now < deadline { _ = try await consumer.next(max: 100, wait: .milliseconds(500)) }
            }
            await expectLogError(.consumerLost) { _ = try await consumer.next(max: 100, wait: .zero) }
            await consumer.close()
            let other = try await log.consumer(group: "fatal", topic: .checked)
            _ = try await other.awaitAssignment()
            try await other.assign([0: 3])
            #expect(try await other.take(7).count == 7)
            await other.close()
        }
    }

    @Test("records that time out in flight fail, and later ones get through")
    func timeOutInFlight() async throws {
        try await withBroker { fixture in
            let log = try await fixture.open(properties: [:], produceTimeout: .seconds(1))
            _ = try await log.produce(RecordBatch("x", 1), to: .checked)
            try await fixture.broker.command("rtt 1 4000")
            await expectLogError(.timedOut, .unreachable) {
                _ = try await log.produce(RecordBatch("y", 10), to: .checked)
            }
            try await fixture.broker.command("rtt 1 0")
            try await eventually("records are taken again") {
                (try? await log.produce(RecordBatch("z", 10), to: .checked)) != nil
            }
        }
    }

    @Test("passing errors of the broker are retried within: nothing is lost, doubled or reordered")
    func retries() async throws {
        try await withBroker { fixture in
            let log = try await fixture.open(properties: [:])
            try await fixture.broker.command("request-errors 0 NOT_LEADER_FOR_PARTITION NOT_ENOUGH_REPLICAS")
            let places = try await log.produce(RecordBatch("x", 2_000), to: .checked)
            #expect(places.map(\.offset) == Array(0..<2_000))
            let found = try await log.records(at: [places[0], places[1_999]], in: .checked).plain
            #expect(found.map { String(decoding: $0.value, as: UTF8.self) } == ["x0", "x1999"])
        }
    }

    @Test("a commit that the group refuses throws")
    func refusedCommit() async throws {
        try await withBroker { fixture in
            let log = try await fixture.open(properties: [:])
            let consumer = try await log.consumer(group: "refused", topic: .checked)
            _ = try await consumer.awaitAssignment()
            try await consumer.assign([0: 0])
            try await fixture.broker.command("request-errors 8 ILLEGAL_GENERATION")
            await expectLogError(.groupChanged) { try await consumer.commit([0: 0]) }
            await consumer.close()
        }
    }

    @Test("closing is bounded while the broker does not answer, and fails those who wait")
    func closeWhileDown() async throws {
        try await withBroker { fixture in
            let log = try await fixture.open(properties: [:], produceTimeout: .seconds(30))
            _ = try await log.produce(RecordBatch("x", 1), to: .checked)
            let consumer = try await log.consumer(group: "down", topic: .checked)
            _ = try await consumer.awaitAssignment()
            try await consumer.assign([0: 0])
            await fixture.broker.child.signal(19)  // SIGSTOP: connections stay, answers do not come
            async let waiting: Void = expectLogError(.timedOut, .unreachable) {
                _ = try await log.produce(RecordBatch("y", 10), to: .checked)
            }
            try await Task.sleep(for: .milliseconds(200))
            let start = ContinuousClock.now
            await consumer.close()
            await log.close()
            #expect(ContinuousClock.now - start < .seconds(10))
            await waiting
        }
    }

    private func withBroker(_ body: (KafkaFixture) async throws -> Void) async throws {
        let fixture = try await KafkaFixture(topics: [.checked: 1])
        do {
            try await body(fixture)
        } catch {
            await fixture.close()
            throw error
        }
        await fixture.close()
    }
}

/// What may be configured.
@Suite("KafkaLog: properties") struct KafkaPropertyTests {
    @Test(
        "a property is judged",
        arguments: [
            ("linger.ms", "5", "accepted"), ("linger.ms", "often", "invalid"), ("linger.ms", "-1", "invalid"),
            ("security.protocol", "sasl_ssl", "accepted"), ("security.protocol", "carrier-pigeon", "invalid"),
            ("no.such.property", "1", "unknown"), ("port", "tcp://10.0.0.1:9092", "unknown"),
            ("acks", "1", "guaranteed"), ("enable.idempotence", "false", "guaranteed"),
            ("enable.auto.commit", "true", "guaranteed"), ("auto.offset.reset", "latest", "guaranteed"),
            ("partitioner", "random", "guaranteed"),
        ])
    func verdicts(_ name: String, _ value: String, _ expected: String) {
        let verdict =
            switch KafkaConfiguration.verdict(of: name, value) {
            case .accepted: "accepted"
            case .unknown: "unknown"
            case .invalid(let reason): reason.isEmpty ? "no reason" : "invalid"
            case .guaranteed(let reason): reason.isEmpty ? "no reason" : "guaranteed"
            }
        #expect(verdict == expected)
    }

    @Test("a property that carries a guarantee is refused", arguments: KafkaConfiguration.guaranteed.keys.sorted())
    func guaranteed(_ name: String) throws {
        #expect(throws: EventLogError.self) {
            _ = try KafkaLog(
                configuration: KafkaConfiguration(
                    bootstrapServers: "127.0.0.1:1", properties: [name: "1"], clientID: "test"))
        }
    }

    @Test("a log with a property that librdkafka refuses is not made")
    func refused() {
        for properties in [["no.such.property": "1"], ["linger.ms": "often"]] {
            #expect {
                _ = try KafkaLog(
                    configuration: KafkaConfiguration(
                        bootstrapServers: "127.0.0.1:1", properties: properties, clientID: "test"))
            } throws: {
                ($0 as? EventLogError)?.code == .invalidConfiguration
            }
        }
    }
}

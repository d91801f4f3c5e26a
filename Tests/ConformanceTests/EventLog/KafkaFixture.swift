import KafkaLog
import Stores
import TestSupport

extension EventLogEngine {
    /// `KafkaLog` against a mock broker in a process of its own.
    static let kafka = EventLogEngine(testDescription: "Kafka", tooLarge: 1_000_001, createsTopics: false) {
        try await KafkaFixture(topics: $0)
    }
}

/// A mock broker, and the logs opened on it.
actor KafkaFixture: EventLogFixture {
    nonisolated let broker: MockBrokerProcess
    private var logs: [KafkaLog] = []

    init(topics: [Topic: Int]) async throws {
        let names = topics.map { ($0.key.rawValue, $0.value) }
        broker = try await MockBrokerProcess(topics: Dictionary(uniqueKeysWithValues: names))
    }

    func open() throws -> any EventLog { try open(properties: [:]) }

    func open(properties: [String: String], produceTimeout: Duration = .seconds(10)) throws -> KafkaLog {
        let log = try KafkaLog(
            configuration: KafkaConfiguration(
                bootstrapServers: broker.bootstrapServers, properties: properties, clientID: "conformance",
                produceTimeout: produceTimeout, requestTimeout: .seconds(4)))
        logs.append(log)
        return log
    }

    func recreate() async throws { try await broker.recreate() }

    /// The mock keeps about 5 MiB a partition: writes more than that.
    func truncate(_ topic: Topic, _ log: any EventLog) async throws -> Bool {
        var random = SystemRandomNumberGenerator()
        let noise = (0..<500_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var batch = RecordBatch(bytes: noise)
        for _ in 0..<16 {
            batch.append(key: nil, value: 0..<noise.count, headers: [], timestamp: 1, partition: 0)
        }
        _ = try await log.produce(batch, to: topic)
        return true
    }

    func setReachable(_ isReachable: Bool) async throws -> Bool {
        try await broker.command(isReachable ? "up 1" : "down 1")
        return true
    }

    func close() async {
        for log in logs { await log.close() }
        await broker.stop()
    }
}

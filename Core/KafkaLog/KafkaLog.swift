public import Logging
import Metrics
public import Stores
import Synchronization

/// The log over Apache Kafka, by librdkafka (2.0.2, whose known defects are worked round).
///
/// Verified against librdkafka's own mock broker. One producer for all topics, one reader for questions, and a
/// client for each consumer; all of them connect when first used.
public final class KafkaLog: EventLog {
    private let factory: ClientFactory
    private let producer: Producer
    private let reader: LogReader
    private let metrics: KafkaMetrics
    private let topics = Mutex<[Topic: TopicTelemetry]>([:])

    /// Checks the configuration; does not connect.
    /// - Throws: `EventLogError.invalidConfiguration` for what librdkafka refuses, and for properties that carry a
    ///   guarantee.
    public init(configuration: KafkaConfiguration, logger: Logger = Logger(label: "tributary.kafka")) throws {
        metrics = KafkaMetrics(clientID: configuration.clientID)
        factory = ClientFactory(configuration: configuration, logger: logger)
        // Clients are made when needed, wrong values are to be known now.
        try factory.checkProperties()
        producer = Producer(factory, metrics)
        reader = LogReader(factory)
    }

    public func produce(_ batch: RecordBatch, to topic: Topic) async throws -> [LogOffset] {
        guard !batch.isEmpty else { return [] }
        let started = ContinuousClock.now
        do {
            let telemetry = if let known = known(topic) { known } else { try await telemetry(of: topic) }
            let places = try await producer.produce(batch, to: topic)
            telemetry.count(records: batch.count)
            metrics.duration.recordNanoseconds(Int64((ContinuousClock.now - started) / .nanoseconds(1)))
            return places
        } catch {
            metrics.failed((error as? EventLogError)?.code ?? .other)
            throw error
        }
    }

    public func consumer(group: String, topic: Topic) async throws -> any EventConsumer {
        _ = try await partitionCount(of: topic)
        return try await KafkaConsumer(factory, group: group, topic: topic, metrics: metrics)
    }

    public func partitionCount(of topic: Topic) async throws -> Int { try await reader.partitionCount(of: topic) }

    public func watermarks(of topic: Topic, partitions: [Int32]) async throws -> [Int32: Watermarks] {
        try await reader.watermarks(of: topic, partitions: partitions)
    }

    public func records(at places: [LogOffset], in topic: Topic) async throws -> RecordBatch {
        try await reader.records(at: places, in: topic)
    }

    public func committed(group: String, topic: Topic, partitions: [Int32]) async throws -> [Int32: Int64] {
        try await reader.committed(group: group, topic: topic, partitions: partitions)
    }

    public func unreadRetention(of topic: Topic) async throws -> TopicRetention {
        let limit = min(.seconds(2), factory.configuration.requestTimeout)
        return try await reader.retention(of: topic, within: limit)
    }

    public func provision(_ topics: [TopicDefinition]) async throws -> [String: TopicProvision] {
        try await reader.provision(topics)
    }

    public func checkHealth() async throws {
        try await reader.checkHealth(within: min(.seconds(2), factory.configuration.requestTimeout))
    }

    public func close() async {
        async let reading: Void = reader.close()
        await producer.close(within: min(.seconds(3), factory.configuration.produceTimeout))
        await reading
    }

    private func known(_ topic: Topic) -> TopicTelemetry? { topics.withLock { $0[topic] } }

    /// A topic's counters. The first time, the topic is looked for: producing to one that does not exist would
    /// create it on brokers that do so, with a number of partitions that nobody chose.
    private func telemetry(of topic: Topic) async throws -> TopicTelemetry {
        _ = try await partitionCount(of: topic)
        let new = TopicTelemetry(topic)
        topics.withLock { $0[topic] = new }
        return new
    }
}

import Metrics
import Stores

/// The telemetry of this room: every name once, and its handles.
final class KafkaMetrics: Sendable {
    /// Counter: acknowledged calls of `produce`, by `topic`.
    static let produceRequests = "tributary_kafka_produce_requests_total"
    /// Counter: acknowledged records, by `topic`.
    static let producedRecords = "tributary_kafka_produced_records_total"
    /// Counter: failed calls of `produce`, by `code` (`EventLogError.Code`).
    static let produceFailures = "tributary_kafka_produce_failures_total"
    /// Timer: from `produce` to the last acknowledgement.
    static let produceSeconds = "tributary_kafka_produce_seconds"
    /// Gauge: records that await their acknowledgement, by `client`.
    static let queueLength = "tributary_kafka_produce_queue_records"
    /// Counter: producers that ended in a fatal error and were replaced.
    static let producersReplaced = "tributary_kafka_producers_replaced_total"
    /// Counter: records handed out by consumers.
    static let consumedRecords = "tributary_kafka_consumed_records_total"
    /// Counter: news of the group, by `kind` (`assigned`, `revoked`, `lost`).
    static let rebalances = "tributary_kafka_rebalances_total"
    /// Counter: partitions whose position became uncertain.
    static let uncertainPositions = "tributary_kafka_uncertain_positions_total"

    let duration = Timer(label: produceSeconds)
    let queue: Gauge
    let replaced = Counter(label: producersReplaced)
    let consumed = Counter(label: consumedRecords)
    let uncertain = Counter(label: uncertainPositions)
    private let failures: [EventLogError.Code: Counter]
    private let news: [String: Counter]

    init(clientID: String) {
        queue = Gauge(label: Self.queueLength, dimensions: [("client", clientID)])
        failures = Self.counters(Self.produceFailures, "code", EventLogError.Code.allCases, \.rawValue)
        news = Self.counters(Self.rebalances, "kind", ["assigned", "revoked", "lost"], \.self)
    }

    func failed(_ code: EventLogError.Code) { failures[code]?.increment() }

    func rebalanced(_ kind: String) { news[kind]?.increment() }

    private static func counters<Value>(
        _ label: String, _ dimension: String, _ values: [Value], _ name: (Value) -> String
    ) -> [Value: Counter] {
        Dictionary(
            uniqueKeysWithValues: values.map { ($0, Counter(label: label, dimensions: [(dimension, name($0))])) })
    }
}

/// The counters of one topic.
struct TopicTelemetry: Sendable {
    private let requests: Counter
    private let records: Counter

    init(_ topic: Topic) {
        requests = Counter(label: KafkaMetrics.produceRequests, dimensions: [("topic", topic.rawValue)])
        records = Counter(label: KafkaMetrics.producedRecords, dimensions: [("topic", topic.rawValue)])
    }

    func count(records count: Int) {
        requests.increment()
        records.increment(by: count)
    }
}

import CRDKafka
import Logging
import Stores

/// Makes librdkafka's clients, each kind with the properties that carry the guarantees.
struct ClientFactory: Sendable {
    let configuration: KafkaConfiguration
    let logger: Logger

    /// An idempotent producer. Its delivery reports and errors come as events of its main queue.
    func producer() throws -> Client {
        let codec = ["zstd", "snappy"].first { KafkaConfiguration.verdict(of: "compression.codec", $0) == .accepted }
        let defaults = [
            // A request goes to one partition only: at 24 of them, a shorter wait means many small requests and
            // small blocks to compress, which cost more than all the collector does with a single event.
            ("linger.ms", "5"),
            ("compression.codec", codec ?? "none"),
            // librdkafka makes a new compressor for every block; the usual level clears a megabyte of tables for it.
            ("compression.level", "1"),
            ("queue.buffering.max.messages", "\(Self.queueCapacity)"),
            ("queue.buffering.max.kbytes", "65536"),
        ]
        let guarantees = [
            ("enable.idempotence", "true"),
            ("acks", "all"),
            ("partitioner", "murmur2_random"),
            ("delivery.timeout.ms", "\(configuration.produceTimeout.milliseconds)"),
        ]
        return try client(RD_KAFKA_PRODUCER, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR, defaults, guarantees)
    }

    /// A member of a group. Records, rebalances and errors come as events of its consumer queue.
    func consumer(group: String) throws -> Client {
        let defaults = [
            // Bounded memory: librdkafka would fetch up to 64 MiB ahead.
            ("queued.max.messages.kbytes", "16384"),
            ("queued.min.messages", "20000"),
            ("session.timeout.ms", "10000"),
            ("heartbeat.interval.ms", "1000"),
            ("fetch.wait.max.ms", "100"),
            ("fetch.error.backoff.ms", "100"),
        ]
        let guarantees = consumerGuarantees + [("group.id", group), ("partition.assignment.strategy", "range")]
        let events = RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR
        return try client(RD_KAFKA_CONSUMER, events, defaults, guarantees)
    }

    /// Reads single records and asks the cluster questions; never joins a group.
    func reader() throws -> Client {
        // Little is read ahead, but more than a fetch brings: where its queue is full, librdkafka 2.0.2 looks for
        // room once a second only.
        let defaults = [
            ("queued.min.messages", "5000"), ("queued.max.messages.kbytes", "4096"),
            ("fetch.message.max.bytes", "131072"), ("fetch.wait.max.ms", "10"),
        ]
        let guarantees = consumerGuarantees + [("enable.partition.eof", "true")]
        return try client(RD_KAFKA_CONSUMER, RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR, defaults, guarantees)
    }

    private var consumerGuarantees: [(String, String)] {
        [
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("auto.offset.reset", "error"),
            ("isolation.level", "read_committed"),
        ]
    }

    /// Throws for properties that librdkafka does not take. Values that contradict each other come to light when a
    /// client is made.
    func checkProperties() throws {
        for (name, value) in configuration.properties {
            switch KafkaConfiguration.verdict(of: name, value) {
            case .accepted: continue
            case .unknown: throw EventLogError(.invalidConfiguration, "librdkafka has no property \(name)")
            case .invalid(let reason), .guaranteed(let reason):
                throw EventLogError(.invalidConfiguration, "\(name) may not be so", cause: reason)
            }
        }
    }

    /// The order is what gives precedence: this program's defaults, the environment, the guarantees.
    private func client(
        _ kind: rd_kafka_type_t, _ events: Int32, _ defaults: [(String, String)], _ guarantees: [(String, String)]
    ) throws -> Client {
        let common = [
            ("reconnect.backoff.max.ms", "1000"), ("log.connection.close", "false"),
            ("client.id", configuration.clientID),
        ]
        let given = configuration.properties.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let address = [("bootstrap.servers", configuration.bootstrapServers)]
        let properties = Properties()
        for (name, value) in common + defaults + given + address + guarantees {
            do { try properties.set(name, value) } catch {
                throw EventLogError(.invalidConfiguration, "librdkafka does not take \(name)", cause: "\(error)")
            }
        }
        properties.enableEvents(events)
        return try Client(kind, properties, LogSink(logger))
    }
}

extension ClientFactory {
    /// How many records may await their acknowledgement.
    var queueCapacity: Int32 {
        let value = configuration.properties["queue.buffering.max.messages"].flatMap { Int32($0) } ?? Self.queueCapacity
        return value == 0 ? .max : value
    }

    private static let queueCapacity: Int32 = 100_000
}

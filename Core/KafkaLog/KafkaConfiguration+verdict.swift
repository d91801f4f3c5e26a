import CRDKafka

extension KafkaConfiguration {
    /// What librdkafka and this program's guarantees say of a property and its value.
    public enum Verdict: Sendable, Equatable {
        /// It may be set.
        case accepted
        /// librdkafka knows no property of that name.
        case unknown
        /// librdkafka refuses the value: its reason.
        case invalid(String)
        /// The property carries one of this program's guarantees and may not be set: which.
        case guaranteed(String)
    }

    /// The properties that may not be set, each with what would be lost.
    public static let guaranteed: [String: String] = [
        "acks": "an acknowledged event is on every in-sync replica",
        "request.required.acks": "an acknowledged event is on every in-sync replica",
        "enable.idempotence": "a retry neither doubles nor reorders records",
        "enable.gapless.guarantee": "it would end the producer at the first time-out",
        "transactional.id": "records are not produced in transactions",
        "isolation.level": "every committed record is read, and no other",
        "partitioner": "a key's partition is the one that Java clients choose",
        "message.timeout.ms": "PRODUCE_TIMEOUT sets it",
        "delivery.timeout.ms": "PRODUCE_TIMEOUT sets it",
        "enable.auto.commit": "offsets are committed after events are stored, never before",
        "auto.commit.enable": "offsets are committed after events are stored, never before",
        "enable.auto.offset.store": "offsets are committed after events are stored, never before",
        "auto.offset.reset": "a lost position is compared with what is stored, never reset silently",
        "partition.assignment.strategy": "librdkafka 2.0.2 can lose cooperative assignments",
        "allow.auto.create.topics": "a misspelt topic is an error",
        "enable.partition.eof": "single records are read with it",
        "group.id": "every consumer names its group",
        "group.instance.id": "two processes of one environment would fence each other",
        "bootstrap.servers": "KAFKA_BOOTSTRAP_SERVERS sets it",
        "metadata.broker.list": "KAFKA_BOOTSTRAP_SERVERS sets it",
        "client.id": "it is the role's name",
        "log.queue": "librdkafka's log goes to this program's",
        "test.mock.num.brokers": "events would go to a mock",
    ]

    /// Judges one property, so that every wrong one can be reported at start.
    ///
    /// A property of the other kind of client (`linger.ms` for a consumer) is accepted: librdkafka ignores it.
    public static func verdict(of name: String, _ value: String) -> Verdict {
        if let guarantee = guaranteed[name] { return .guaranteed(guarantee) }
        let scratch = Properties()
        do {
            try scratch.set(name, value)
            return .accepted
        } catch {
            switch error {
            case .unknown: return .unknown
            case .invalid(let reason): return .invalid(reason)
            }
        }
    }
}

extension TopicDefinition {
    private static let hour: Int64 = 3600 * 1000

    /// The topics of the contract, as `schemas/kafka/topics.json` documents them; a test holds both together.
    public static let contract = [
        topic(.userEvents, partitions: 24, retention: 7 * 24 * hour),
        // A dead letter carries headers of its own beside all of the event's.
        topic(.deadLetters, partitions: 24, retention: 30 * 24 * hour, ["max.message.bytes": "1114112"]),
        topic(.live, partitions: 1, retention: hour, ["segment.ms": "600000"]),
    ]

    private static func topic(
        _ topic: Topic, partitions: Int, retention: Int64, _ others: [String: String] = [:]
    ) -> TopicDefinition {
        let common = [
            "cleanup.policy": "delete", "compression.type": "zstd", "max.message.bytes": "1048588",
            "message.timestamp.type": "CreateTime", "min.insync.replicas": "2", "retention.ms": String(retention),
            "unclean.leader.election.enable": "false",
        ]
        return TopicDefinition(
            name: topic.rawValue, partitions: partitions, replicationFactor: 3,
            configuration: common.merging(others) { $1 })
    }

    /// The contract's topics with another replication factor, and as many in-sync replicas as that allows.
    public static func contract(replication: Int?) -> [TopicDefinition] {
        guard let replication else { return contract }
        return contract.map { topic in
            var topic = topic
            topic.replicationFactor = replication
            topic.configuration["min.insync.replicas"] = String(min(2, replication))
            return topic
        }
    }
}

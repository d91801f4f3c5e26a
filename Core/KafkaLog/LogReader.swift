import CRDKafka
import Stores
import Threading

/// Asks the cluster questions: topics, extents, committed offsets, single records. On a thread of its own, one
/// question after the other; a question takes at most the request time-out.
actor LogReader {
    private let thread = DedicatedThread(name: "kafka-reader")
    private let factory: ClientFactory
    private let timeout: Duration
    private var client: Client?
    private var isClosed = false

    init(_ factory: ClientFactory) { (self.factory, timeout) = (factory, factory.configuration.requestTimeout) }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The number of partitions; throws `.unknownTopic`.
    func partitionCount(of topic: Topic) throws -> Int {
        guard let partitions = try topics(all: true, within: timeout)[topic.rawValue] else {
            throw EventLogError(.unknownTopic, "there is no topic \(topic.rawValue)")
        }
        return partitions
    }

    /// The first and the next offset of each partition, asked for in two requests a broker.
    func watermarks(of topic: Topic, partitions: [Int32]) throws -> [Int32: Watermarks] {
        let low = try offsets(of: topic, partitions, at: Int64(RD_KAFKA_OFFSET_BEGINNING))
        let high = try offsets(of: topic, partitions, at: Int64(RD_KAFKA_OFFSET_END))
        return low.reduce(into: [:]) { $0[$1.key] = Watermarks(low: $1.value, high: high[$1.key] ?? $1.value) }
    }

    /// Single records at exact places; the order is the log's, not that of the places.
    func records(at places: [LogOffset], in topic: Topic) throws -> RecordBatch {
        let extents = try watermarks(of: topic, partitions: Array(Set(places.map(\.partition))))
        let wanted = places.filter { place in
            extents[place.partition].map { place.offset >= $0.low && place.offset < $0.high } ?? false
        }
        guard !wanted.isEmpty else { return RecordBatch() }
        return try PointRead(open(), topic, wanted).run(until: .now + timeout)
    }

    /// Throws unless a broker answers within the limit.
    func checkHealth(within limit: Duration) throws {
        _ = try topics(all: false, within: limit)
    }

    /// Makes the topics that are missing.
    func provision(_ topics: [TopicDefinition]) throws -> [String: TopicProvision] {
        try TopicCreation(client: open(), timeout: timeout).provision(topics) { [timeout] in
            try self.topics(all: true, within: timeout)
        }
    }

    /// What a group has committed.
    func committed(group: String, topic: Topic, partitions: [Int32]) throws -> [Int32: Int64] {
        try GroupOffsets(client: open(), timeout: timeout).committed(group: group, topic: topic, partitions: partitions)
    }

    /// How long a topic's records are kept.
    func retention(of topic: Topic, within limit: Duration) throws -> TopicRetention {
        let text = try TopicSettings(client: open(), timeout: limit).value(of: "retention.ms", topic)
        // -1 is for ever.
        return text.flatMap { Int64($0) }.map { $0 < 0 ? .unlimited : .milliseconds($0) } ?? .unknown
    }

    /// Lets go of the client. Later questions throw `.closed`.
    func close() {
        isClosed = true
        exchange(&client, nil)?.destroy(within: .seconds(1))
    }

    private func open() throws -> Client {
        if isClosed { throw EventLogError.closed }
        if let client { return client }
        let new = try factory.reader()
        client = new
        return new
    }

    /// The number of partitions by topic name: of all topics, or of those that this client has dealt with. (Asking
    /// for one topic creates it on some brokers, `allow.auto.create.topics` or not.)
    private func topics(all: Bool, within limit: Duration) throws -> [String: Int] {
        var answer: UnsafePointer<rd_kafka_metadata>?
        let code = rd_kafka_metadata(try open().pointer, all ? 1 : 0, nil, &answer, limit.milliseconds)
        try check(code, "the cluster did not describe itself")
        guard let answer else { return [:] }
        defer { rd_kafka_metadata_destroy(answer) }
        var found: [String: Int] = [:]
        for topic in UnsafeBufferPointer(start: answer.pointee.topics, count: Int(answer.pointee.topic_cnt)) {
            let name = String(cString: topic.topic)
            if topic.err == RD_KAFKA_RESP_ERR_NO_ERROR, topic.partition_cnt > 0 {
                found[name] = Int(topic.partition_cnt)
            } else if topic.err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART {
                try check(topic.err, "topic \(name)")
            }
        }
        return found
    }

    private func offsets(of topic: Topic, _ partitions: [Int32], at moment: Int64) throws -> [Int32: Int64] {
        guard !partitions.isEmpty else { return [:] }
        let list = PartitionList(topic, Dictionary(partitions.map { ($0, moment) }) { first, _ in first })
        let action = "offsets of \(topic.rawValue)"
        try check(rd_kafka_offsets_for_times(open().pointer, list.pointer, timeout.milliseconds), action)
        try list.check(action)
        return Dictionary(uniqueKeysWithValues: list.elements.map { ($0.partition, $0.offset) })
    }
}

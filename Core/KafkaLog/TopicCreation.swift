import CRDKafka
import Stores

/// Makes topics through the Admin API, and tolerates brokers without one where the topics exist.
struct TopicCreation {
    let client: Client
    let timeout: Duration

    /// - Parameter existing: gives the number of partitions of every topic there is now.
    func provision(
        _ topics: [TopicDefinition], existing: () throws -> [String: Int]
    ) throws -> [String: TopicProvision] {
        let before = try existing()
        var outcome: [String: TopicProvision] = [:]
        for topic in topics {
            if let partitions = before[topic.name] { outcome[topic.name] = .existed(partitions: partitions) }
        }
        let missing = topics.filter { outcome[$0.name] == nil }
        guard !missing.isEmpty else { return outcome }
        let failures = create(missing)
        // What a failed or unanswered call has left behind shows here; another process may have been first, too.
        let after = failures.isEmpty ? [:] : try existing()
        for topic in missing {
            if let reason = failures[topic.name] {
                let partitions = after[topic.name]
                outcome[topic.name] = partitions.map { .existed(partitions: $0) } ?? .failed(reason: reason)
            } else {
                outcome[topic.name] = .created
            }
        }
        return outcome
    }

    /// - Returns: the reasons of those that were not made.
    private func create(_ topics: [TopicDefinition]) -> [String: String] {
        do {
            return try send(topics)
        } catch {
            return Dictionary(topics.map { ($0.name, "\(error)") }) { first, _ in first }
        }
    }

    private func send(_ topics: [TopicDefinition]) throws -> [String: String] {
        var requests: [OpaquePointer?] = []
        defer { for request in requests { rd_kafka_NewTopic_destroy(request) } }
        for topic in topics { requests.append(try request(topic)) }
        let call = AdminCall(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout: timeout)
        // How long the broker may wait until the topics have leaders.
        rd_kafka_AdminOptions_set_operation_timeout(call.options, (timeout / 2).milliseconds, nil, 0)
        rd_kafka_CreateTopics(client.pointer, &requests, requests.count, call.options, call.queue)
        return try call.answer("the topics were not made") { event in
            var count = 0
            let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
            var failures: [String: String] = [:]
            for result in UnsafeBufferPointer(start: results, count: count) {
                guard let result, rd_kafka_topic_result_error(result) != RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
                failures[String(cString: rd_kafka_topic_result_name(result))] =
                    rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
                    ?? String(cString: rd_kafka_err2str(rd_kafka_topic_result_error(result)))
            }
            return failures
        }
    }

    private func request(_ topic: TopicDefinition) throws -> OpaquePointer {
        let (partitions, copies) = (Int32(clamping: topic.partitions), Int32(clamping: topic.replicationFactor))
        guard let request = rd_kafka_NewTopic_new(topic.name, partitions, copies, nil, 0) else {
            throw EventLogError(.invalidConfiguration, "topic \(topic.name): its definition is not valid")
        }
        for (name, value) in topic.configuration { rd_kafka_NewTopic_set_config(request, name, value) }
        return request
    }
}

import CRDKafka
import Stores

/// One call of librdkafka's Admin API: its options, its queue and its answer.
struct AdminCall: ~Copyable {
    let client: Client
    let options: OpaquePointer
    let queue: OpaquePointer
    private let timeout: Duration

    init(_ client: Client, _ kind: rd_kafka_admin_op_t, timeout: Duration) {
        (self.client, self.timeout) = (client, timeout)
        options = rd_kafka_AdminOptions_new(client.pointer, kind)
        queue = rd_kafka_queue_new(client.pointer)
        rd_kafka_AdminOptions_set_request_timeout(options, timeout.milliseconds, nil, 0)
    }

    deinit {
        rd_kafka_AdminOptions_destroy(options)
        rd_kafka_queue_destroy(queue)
    }

    /// Waits for the answer and lets `read` take what it needs of it.
    func answer<Result>(_ action: String, _ read: (OpaquePointer) throws -> Result) throws -> Result {
        // librdkafka's own limit comes first; ours is for the case that it does not.
        guard let event = rd_kafka_queue_poll(queue, (timeout + .seconds(1)).milliseconds) else {
            throw EventLogError(.timedOut, "\(action): no answer")
        }
        defer { rd_kafka_event_destroy(event) }
        let code = rd_kafka_event_error(event)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw EventLogError(code, action, reason: String(cString: rd_kafka_event_error_string(event)))
        }
        return try read(event)
    }
}

/// What groups have committed.
struct GroupOffsets {
    let client: Client
    let timeout: Duration

    /// Asks the group's coordinator; partitions without a commit are absent.
    func committed(group: String, topic: Topic, partitions: [Int32]) throws -> [Int32: Int64] {
        guard !partitions.isEmpty else { return [:] }
        let call = AdminCall(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout: timeout)
        let list = PartitionList(topic, partitions)
        var request = rd_kafka_ListConsumerGroupOffsets_new(group, list.pointer)
        defer { rd_kafka_ListConsumerGroupOffsets_destroy(request) }
        rd_kafka_ListConsumerGroupOffsets(client.pointer, &request, 1, call.options, call.queue)
        let action = "offsets of group \(group)"
        return try call.answer(action) { event in
            let result = rd_kafka_event_ListConsumerGroupOffsets_result(event)
            var count = 0
            let groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count)
            guard count == 1, let answer = groups?[0] else { return [:] }
            if let error = rd_kafka_group_result_error(answer) {
                throw EventLogError(
                    rd_kafka_error_code(error), action, reason: String(cString: rd_kafka_error_string(error)))
            }
            return try offsets(PartitionList.elements(rd_kafka_group_result_partitions(answer)), action)
        }
    }

    private func offsets(_ elements: [rd_kafka_topic_partition_t], _ action: String) throws -> [Int32: Int64] {
        var offsets: [Int32: Int64] = [:]
        for element in elements {
            try check(element.err, "\(action), partition \(element.partition)")
            if element.offset >= 0 { offsets[element.partition] = element.offset }
        }
        return offsets
    }
}

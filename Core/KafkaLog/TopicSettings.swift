import CRDKafka
import Stores

/// What the cluster says of a topic's configuration.
struct TopicSettings {
    let client: Client
    let timeout: Duration

    /// The value of a topic's setting, its default included; `nil` where the cluster knows none of that name.
    func value(of name: String, _ topic: Topic) throws -> String? {
        let call = AdminCall(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout: timeout)
        var request = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.rawValue)
        defer { rd_kafka_ConfigResource_destroy(request) }
        rd_kafka_DescribeConfigs(client.pointer, &request, 1, call.options, call.queue)
        let action = "configuration of \(topic.rawValue)"
        return try call.answer(action) { event in
            var count = 0
            let result = rd_kafka_event_DescribeConfigs_result(event)
            let resources = rd_kafka_DescribeConfigs_result_resources(result, &count)
            guard count == 1, let resource = resources?[0] else { return nil }
            try check(rd_kafka_ConfigResource_error(resource), action)
            return value(of: name, in: resource)
        }
    }

    private func value(of name: String, in resource: OpaquePointer) -> String? {
        var count = 0
        let entries = UnsafeBufferPointer(start: rd_kafka_ConfigResource_configs(resource, &count), count: count)
        for case let entry? in entries where String(cString: rd_kafka_ConfigEntry_name(entry)) == name {
            return rd_kafka_ConfigEntry_value(entry).map { String(cString: $0) }
        }
        return nil
    }
}

import CRDKafka
import Glibc

/// The one owner of the mock cluster and of the client handle that librdkafka wants for it.
final class MockCluster: @unchecked Sendable {  // librdkafka's mock functions may be called from any thread
    private let handle: OpaquePointer
    private let cluster: OpaquePointer
    private let brokers: Int32

    /// Starts the brokers; with `firstPort` 0, on any ports.
    init(brokers: Int32, firstPort: UInt16) throws {
        try Self.checkPorts(firstPort, count: Int(brokers))
        let configuration = rd_kafka_conf_new()
        // Warnings and worse: the handle itself has no brokers to talk to, and librdkafka would remark on it.
        rd_kafka_conf_set(configuration, "log_level", "4", nil, 0)
        guard let handle = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0) else {
            throw Problem("librdkafka gives no handle")
        }
        guard
            let cluster = WishedPort.from(
                firstPort, count: Int(brokers), { rd_kafka_mock_cluster_new(handle, brokers) })
        else {
            rd_kafka_destroy(handle)
            throw Problem("librdkafka gives no mock cluster")
        }
        (self.handle, self.cluster, self.brokers) = (handle, cluster, brokers)
        guard firstPort == 0 || bootstrapServers.hasPrefix("127.0.0.1:\(firstPort)") else {
            throw Problem("built without --export-dynamic-symbol=bind: the port cannot be chosen")
        }
    }

    /// librdkafka 2.0.2 aborts the process when a mock broker cannot bind: find out before.
    private static func checkPorts(_ first: UInt16, count: Int) throws {
        for port in Int(first)..<Int(first) + count where first != 0 {
            guard let wished = UInt16(exactly: port), let listener = listenOnLoopback(port: wished) else {
                throw Problem("cannot listen on 127.0.0.1:\(port)")
            }
            close(listener.socket)
        }
    }

    deinit {
        rd_kafka_mock_cluster_destroy(cluster)
        rd_kafka_destroy(handle)
    }

    /// `host:port` of every broker, joined by commas.
    var bootstrapServers: String { String(cString: rd_kafka_mock_cluster_bootstraps(cluster)) }

    /// Makes a topic, replicated to at most three brokers.
    func createTopic(_ name: String, partitions: Int32) throws {
        try check(rd_kafka_mock_topic_create(cluster, name, partitions, min(brokers, 3)))
    }

    /// Does what one line of the control channel asks for, and gives its answer.
    func perform(_ line: String) -> String {
        do {
            let verb = try Verb(line)
            if case .help = verb { return Verb.overview + "\nok" }
            try perform(verb)
            return "ok"
        } catch {
            return "error: \(error)"
        }
    }

    private func perform(_ verb: Verb) throws {
        switch verb {
        case .help: break
        case .down(let broker): try check(rd_kafka_mock_broker_set_down(cluster, broker))
        case .up(let broker): try check(rd_kafka_mock_broker_set_up(cluster, broker))
        case .rtt(let broker, let milliseconds):
            try check(rd_kafka_mock_broker_set_rtt(cluster, broker, milliseconds))
        case .leader(let topic, let partition, let broker):
            try check(rd_kafka_mock_partition_set_leader(cluster, topic, partition, broker))
        case .topicError(let topic, let code): rd_kafka_mock_topic_set_error(cluster, topic, code)
        case .requestErrors(let apiKey, let codes):
            rd_kafka_mock_push_request_errors_array(cluster, apiKey, codes.count, codes)
        case .clearRequestErrors(let apiKey): rd_kafka_mock_clear_request_errors(cluster, apiKey)
        case .brokerRequestError(let broker, let apiKey, let code, let milliseconds):
            try check(crdkafka_mock_broker_push_error(cluster, broker, apiKey, code, milliseconds))
        case .create(let topic, let partitions): try createTopic(topic, partitions: partitions)
        }
    }

    private func check(_ code: rd_kafka_resp_err_t) throws {
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw Problem(String(cString: rd_kafka_err2str(code))) }
    }
}

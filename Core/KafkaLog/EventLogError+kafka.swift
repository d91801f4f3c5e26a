import CRDKafka
import Stores

extension EventLogError {
    /// What a code of librdkafka's means for the caller.
    init(_ kafka: rd_kafka_resp_err_t, _ action: String, reason: String? = nil) {
        let name = String(cString: rd_kafka_err2name(kafka))
        let reason = reason ?? String(cString: rd_kafka_err2str(kafka))
        self.init(Code(kafka), action, cause: "\(name): \(reason)")
    }

    /// Takes over an error object.
    init(consuming error: OpaquePointer, _ action: String) {
        self.init(rd_kafka_error_code(error), action, reason: String(cString: rd_kafka_error_string(error)))
        rd_kafka_error_destroy(error)
    }

    static let closed = EventLogError(.closed, "the log is closed")
}

extension EventLogError.Code {
    init(_ kafka: rd_kafka_resp_err_t) {
        self = Self.codes[kafka.rawValue] ?? .other
    }

    private static let codes: [Int32: Self] = {
        var codes: [Int32: Self] = [:]
        for (code, names) in groups { for name in names { codes[name.rawValue] = code } }
        return codes
    }()

    private static let groups: [(Self, [rd_kafka_resp_err_t])] = [
        (
            .unreachable,
            [
                RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE,
                RD_KAFKA_RESP_ERR__WAIT_COORD,
                RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
                RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            ]
        ),
        (
            .timedOut,
            [
                RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
                RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
            ]
        ),
        (.queueFull, [RD_KAFKA_RESP_ERR__QUEUE_FULL]),
        (
            .messageTooLarge,
            [RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE]
        ),
        (
            .unknownTopic,
            [
                RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
                RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
            ]
        ),
        (
            .groupChanged,
            [
                RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
                RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
                RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED,
            ]
        ),
        (
            .notAuthorized,
            [
                RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
                RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
            ]
        ),
    ]
}

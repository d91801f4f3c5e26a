import CRDKafka
import Stores

/// Reads single records: each partition is fetched from the first offset wanted of it, and on from there while
/// the next one is near.
struct PointRead: ~Copyable {
    /// Offsets further on than this are sought anew instead of read up to.
    private static let stride: Int64 = 500

    private let client: Client
    private let topic: OpaquePointer
    private let queue: OpaquePointer
    /// By partition: the offsets still wanted, descending.
    private var wanted: [Int32: [Int64]]
    private var batch = RecordBatch()
    private var fields: [RecordBatch.Header] = []

    init(_ client: Client, _ topic: Topic, _ places: [LogOffset]) throws(EventLogError) {
        guard let handle = rd_kafka_topic_new(client.pointer, topic.rawValue, nil) else {
            throw EventLogError(rd_kafka_last_error(), "topic \(topic.rawValue)")
        }
        (self.client, self.topic) = (client, handle)
        queue = rd_kafka_queue_new(client.pointer)
        wanted = Dictionary(grouping: Set(places), by: \.partition).mapValues { $0.map(\.offset).sorted(by: >) }
    }

    deinit {
        for partition in wanted.keys { rd_kafka_consume_stop(topic, partition) }
        rd_kafka_queue_destroy(queue)
        rd_kafka_topic_destroy(topic)
    }

    /// The records there are.
    consuming func run(until deadline: ContinuousClock.Instant) throws -> RecordBatch {
        for partition in Array(wanted.keys) { try start(partition) }
        while !wanted.isEmpty {
            guard .now < deadline else { throw EventLogError(.timedOut, "records were not read in time") }
            guard let event = rd_kafka_queue_poll(queue, 50) else { continue }
            defer { rd_kafka_event_destroy(event) }
            switch rd_kafka_event_type(event) {
            case RD_KAFKA_EVENT_FETCH:
                while let message = rd_kafka_event_message_next(event) { try take(message) }
            case RD_KAFKA_EVENT_ERROR: try take(error: event)
            default: break
            }
        }
        return batch
    }

    private func start(_ partition: Int32) throws(EventLogError) {
        guard let offset = wanted[partition]?.last else { return }
        if rd_kafka_consume_start_queue(topic, partition, offset, queue) != 0 {
            throw EventLogError(rd_kafka_last_error(), "reading partition \(partition)")
        }
    }

    private mutating func take(_ message: UnsafePointer<rd_kafka_message_t>) throws(EventLogError) {
        let (partition, offset) = (message.pointee.partition, message.pointee.offset)
        guard var rest = wanted[partition] else { return }
        while let next = rest.last, next <= offset {
            if next == offset { batch.append(message, using: &fields) }
            rest.removeLast()
        }
        wanted[partition] = rest
        if rest.isEmpty {
            finish(partition)
        } else if let next = rest.last, next > offset + Self.stride {
            rd_kafka_consume_stop(topic, partition)
            try start(partition)
        }
    }

    /// The end of a partition: what is still wanted is not there.
    private mutating func take(error event: OpaquePointer) throws(EventLogError) {
        let code = rd_kafka_event_error(event)
        let place = rd_kafka_event_topic_partition(event)
        defer { if let place { rd_kafka_topic_partition_destroy(place) } }
        switch code {
        case RD_KAFKA_RESP_ERR__PARTITION_EOF, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
            if let place { finish(place.pointee.partition) }
        default:
            let error = EventLogError(code, "reading records")
            if error.code == .notAuthorized { throw error }
        }
    }

    private mutating func finish(_ partition: Int32) {
        rd_kafka_consume_stop(topic, partition)
        wanted[partition] = nil
    }
}

import CRDKafka
import Metrics
import Stores
import Threading

/// A member of a group, over librdkafka's event API: records, rebalances and errors come through one queue, one
/// at a time, on a thread of its own. (Reading in batches can lose messages in librdkafka 2.0.2.)
actor KafkaConsumer: EventConsumer {
    /// A batch is closed at so many bytes, whatever the number of its records.
    private static let maximumBatchBytes = 8 << 20
    /// How long a wait may be deaf to cancellation, and a question whether the log is back may take.
    private static let slice = Duration.milliseconds(100)
    /// How long leaving the group may take: a process that is told to end has ten seconds for everything.
    private static let closeLimit = Duration.seconds(2)
    /// How long a commit may take; it is a mirror, and the group waits meanwhile.
    private static let commitLimit = Duration.seconds(3)

    private let thread = DedicatedThread(name: "kafka-consumer")
    private let topic: Topic
    private let metrics: KafkaMetrics
    private let client: Client
    private let queue: EventQueue
    private var assignment = ConsumerAssignment()
    /// News that came while a batch had already begun.
    private var pending: ConsumerEvent?
    private var fields: [RecordBatch.Header] = []
    /// What the last batch held: the next one will hold about as much.
    private var lastSize = (bytes: 0, records: 0, headers: 0)
    private var isClosed = false
    /// The cluster that positions were last compared with; `nil` while it is not known.
    private var cluster: String?

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Makes the member and subscribes; the group is joined while `next` is called.
    init(_ factory: ClientFactory, group: String, topic: Topic, metrics: KafkaMetrics) async throws {
        (self.topic, self.metrics) = (topic, metrics)
        client = try factory.consumer(group: group)
        rd_kafka_poll_set_consumer(client.pointer)
        queue = EventQueue(client, rd_kafka_queue_get_consumer(client.pointer))
        let subscription = PartitionList(topic, [RD_KAFKA_PARTITION_UA])
        try check(rd_kafka_subscribe(client.pointer, subscription.pointer), "subscribing to \(topic.rawValue)")
    }

    func next(max: Int, wait: Duration) throws -> ConsumerEvent {
        try ensureOpen()
        try checkFatal()
        if let event = exchange(&pending, nil) { return event }
        let deadline = ContinuousClock.now + wait
        var batch = RecordBatch()
        while batch.count < max, batch.bytes.count < Self.maximumBatchBytes {
            let left = batch.isEmpty ? min(deadline - .now, Self.slice) : .zero
            guard let event = rd_kafka_queue_poll(queue.pointer, left > .zero ? left.milliseconds : 0) else {
                if !batch.isEmpty || .now >= deadline || Task.isCancelled { break }
                if let doubt = doubtWhenBack() { return doubt }
                continue
            }
            defer { rd_kafka_event_destroy(event) }
            if batch.isEmpty {
                batch.reserve(bytes: lastSize.bytes, records: lastSize.records, headers: lastSize.headers)
            }
            guard let news = try take(event, into: &batch) else { continue }
            if batch.isEmpty { return news }
            pending = news
            break
        }
        if assignment.isSuspect {
            if let doubt = doubtWhenBack() { return doubt }
            if assignment.isSuspect {
                // These records may be another log's. Dropped, they are fetched again after `assign`, which is now sure.
                assignment.suspect()
                return .records(RecordBatch())
            }
        }
        metrics.consumed.increment(by: batch.count)
        if !batch.isEmpty { lastSize = (batch.bytes.count, batch.count, batch.headers.count) }
        return .records(batch)
    }

    func assign(_ starts: [Int32: Int64]) throws {
        try ensureOpen()
        try resume(Array(assignment.paused))  // librdkafka 2.0.2 keeps them paused otherwise
        let list = PartitionList(topic, starts)
        try check(rd_kafka_assign(client.pointer, list.pointer), "assigning \(starts.count) partitions")
        assignment.assign(starts.keys)
        cluster = clusterID()
        dropDoubt()
    }

    func unassign() throws {
        try ensureOpen()
        try resume(Array(assignment.paused))
        try check(rd_kafka_assign(client.pointer, nil), "giving back all partitions")
        assignment.assign([])
        dropDoubt()
    }

    func pause(_ partitions: [Int32]) throws {
        try ensureOpen()
        let list = PartitionList(topic, assignment.pause(partitions))
        try check(rd_kafka_pause_partitions(client.pointer, list.pointer), "pausing")
        try list.check("pausing")
    }

    func resume(_ partitions: [Int32]) throws {
        try ensureOpen()
        let list = PartitionList(topic, assignment.resume(partitions))
        try check(rd_kafka_resume_partitions(client.pointer, list.pointer), "resuming")
        try list.check("resuming")
    }

    func commit(_ offsets: [Int32: Int64]) throws {
        try ensureOpen()
        guard !offsets.isEmpty else { return }
        let list = PartitionList(topic, offsets)
        // A queue of its own instead of `rd_kafka_commit`, whose wait has no limit that could be set.
        guard let answers = rd_kafka_queue_new(client.pointer) else { return }
        defer { rd_kafka_queue_destroy(answers) }
        try check(rd_kafka_commit_queue(client.pointer, list.pointer, answers, nil, nil), "committing")
        guard let event = rd_kafka_queue_poll(answers, Self.commitLimit.milliseconds) else {
            throw EventLogError(.timedOut, "committing: no answer")
        }
        defer { rd_kafka_event_destroy(event) }
        try check(rd_kafka_event_error(event), "committing")
        for element in PartitionList.elements(rd_kafka_event_topic_partition_list(event)) {
            try check(element.err, "committing partition \(element.partition)")
        }
    }

    func close() {
        guard !exchange(&isClosed, true) else { return }
        leaveGroup(until: .now + Self.closeLimit)
        queue.destroy(within: .seconds(1))
    }

    /// Throws after an error from which librdkafka does not recover. It does not always come as an event.
    private func checkFatal() throws(EventLogError) {
        var reason = [CChar](repeating: 0, count: 256)
        guard rd_kafka_fatal_error(client.pointer, &reason, reason.count) != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw EventLogError(.consumerLost, "the consumer had a fatal error", cause: text)
    }

    private func ensureOpen() throws(EventLogError) { if isClosed { throw .closed } }
}

/// News of the group and of the log.
extension KafkaConsumer {
    /// Adds a record to the batch, or gives the news that an event brings, if the caller has to know it.
    private func take(_ event: OpaquePointer, into batch: inout RecordBatch) throws -> ConsumerEvent? {
        switch rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_FETCH:
            while let message = rd_kafka_event_message_next(event) {
                // A message with an error carries its text as a value.
                guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
                batch.append(message, using: &fields)
            }
            return nil
        case RD_KAFKA_EVENT_REBALANCE: return rebalance(event)
        case RD_KAFKA_EVENT_ERROR: return try trouble(event)
        default: return nil
        }
    }

    private func rebalance(_ event: OpaquePointer) -> ConsumerEvent? {
        let partitions = PartitionList.elements(rd_kafka_event_topic_partition_list(event)).map(\.partition)
        if rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            metrics.rebalanced("assigned")
            return .assigned(partitions)
        }
        let isLost = rd_kafka_assignment_lost(client.pointer) != 0
        metrics.rebalanced(isLost ? "lost" : "revoked")
        return .revoked(partitions, lost: isLost)
    }

    private func trouble(_ event: OpaquePointer) throws -> ConsumerEvent? {
        let code = rd_kafka_event_error(event)
        switch code {
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN: assignment.suspect()
        // A broker that is back at once never leaves all of them down: then its cluster's id tells.
        case RD_KAFKA_RESP_ERR__TRANSPORT: assignment.disconnect()
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
            guard let place = rd_kafka_event_topic_partition(event) else { return nil }
            defer { rd_kafka_topic_partition_destroy(place) }
            return uncertain([place.pointee.partition])
        case RD_KAFKA_RESP_ERR__FATAL:
            throw EventLogError(.consumerLost, "the consumer had a fatal error", cause: reason(event))
        default:
            let error = EventLogError(code, "consuming \(topic.rawValue)", reason: reason(event))
            if error.code == .notAuthorized || error.code == .unknownTopic { throw error }
        // librdkafka tries the rest again, and has logged it.
        }
        return nil
    }

    private func reason(_ event: OpaquePointer) -> String { String(cString: rd_kafka_event_error_string(event)) }

    /// Asks, while the log is suspect, whether it answers again; then all positions are uncertain. Records that
    /// came in the meantime may be another log's: they are not handed out, and `assign` fetches them again.
    private func doubtWhenBack() -> ConsumerEvent? {
        guard assignment.isSuspect else { return nil }
        var answer: UnsafePointer<rd_kafka_metadata>?
        let limit = Self.slice.milliseconds
        guard rd_kafka_metadata(client.pointer, 0, nil, &answer, limit) == RD_KAFKA_RESP_ERR_NO_ERROR else {
            return nil
        }
        rd_kafka_metadata_destroy(answer)
        if assignment.isOnlyDisconnected, let cluster, clusterID() == cluster {
            _ = assignment.trust()
            return nil
        }
        return uncertain(assignment.trust())
    }

    /// The id that the cluster gave with its last metadata.
    private func clusterID() -> String? {
        guard let id = rd_kafka_clusterid(client.pointer, Self.slice.milliseconds) else { return nil }
        defer { rd_kafka_mem_free(client.pointer, id) }
        return String(cString: id)
    }

    private func uncertain(_ partitions: [Int32]) -> ConsumerEvent {
        metrics.uncertain.increment(by: partitions.count)
        return .positionsUncertain(partitions)
    }

    /// Positions are set anew: what was doubtful about the old ones is past.
    private func dropDoubt() { if case .positionsUncertain = pending { pending = nil } }

    /// Leaves the group, answering its last news, but does not wait for ever: librdkafka 2.0.2 may.
    private func leaveGroup(until deadline: ContinuousClock.Instant) {
        if let error = rd_kafka_consumer_close_queue(client.pointer, queue.pointer) {
            rd_kafka_error_destroy(error)
            return
        }
        while rd_kafka_consumer_closed(client.pointer) == 0, .now < deadline {
            guard let event = rd_kafka_queue_poll(queue.pointer, Self.slice.milliseconds) else { continue }
            if rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE { rd_kafka_assign(client.pointer, nil) }
            rd_kafka_event_destroy(event)
        }
    }
}

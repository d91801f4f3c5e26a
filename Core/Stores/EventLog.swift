/// A topic of the log. The names are the contract's.
public struct Topic: RawRepresentable, Hashable, Sendable {
    /// The name on the wire.
    public let rawValue: String

    /// Wraps a name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Accepted events, keyed by userId.
    public static let userEvents = Topic(rawValue: "user-events")
    /// Events that could not be processed, bytes intact.
    public static let deadLetters = Topic(rawValue: "user-events.dead-letter")
    /// Per-second summaries for the live view.
    public static let live = Topic(rawValue: "user-events.live")
}

/// How a topic is created: one entry of `schemas/kafka/topics.json`.
public struct TopicDefinition: Codable, Sendable, Equatable {
    /// The topic's name.
    public var name: String
    /// The number of partitions.
    public var partitions: Int
    /// The number of copies of each partition.
    public var replicationFactor: Int
    /// Topic configuration, by Kafka's names.
    public var configuration: [String: String]

    /// Describes a topic.
    public init(name: String, partitions: Int, replicationFactor: Int, configuration: [String: String]) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.configuration = configuration
    }
}

/// What became of a topic that was to be provisioned.
public enum TopicProvision: Sendable, Equatable {
    /// It was made.
    case created
    /// It was there, with so many partitions.
    case existed(partitions: Int)
    /// It could not be made, and is not there.
    case failed(reason: String)
}

/// The offsets a partition holds: `low` is the first, `high` the one that the next record will get.
public struct Watermarks: Sendable, Equatable {
    /// The offset of the first record kept.
    public var low: Int64
    /// One past the last acknowledged record.
    public var high: Int64

    /// Describes a partition's extent.
    public init(low: Int64, high: Int64) {
        self.low = low
        self.high = high
    }
}

/// How long a log keeps records that nobody has processed, counted from their own time.
public enum TopicRetention: Sendable, Equatable {
    /// So many milliseconds.
    case milliseconds(Int64)
    /// No record goes for its age.
    case unlimited
    /// The log does not tell.
    case unknown
}

/// A place in a topic: what an acknowledged record was given.
public struct LogOffset: Hashable, Sendable {
    /// The partition, counted from 0.
    public var partition: Int32
    /// The offset within it, counted from 0.
    public var offset: Int64

    /// Names a place.
    public init(partition: Int32, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}

/// The log of events: partitioned, ordered within a partition, durable when acknowledged.
///
/// Shaped by Apache Kafka. Implementations never block the cooperative pool.
public protocol EventLog: Sendable {
    /// Appends all records and waits until every one is durable (Kafka: `acks=all`, idempotent).
    ///
    /// A record with a key goes to the partition that `murmur2_random` gives; one without to any.
    /// - Returns: the place of each record, in the batch's order.
    /// - Throws: `EventLogError` if any record was not acknowledged; the others may have been appended, so the
    ///   caller repeats all of them and relies on deduplication. `.queueFull` comes at once and means that the
    ///   caller should shed load; `.messageTooLarge` is the record's own fault.
    func produce(_ batch: RecordBatch, to topic: Topic) async throws -> [LogOffset]

    /// Joins a consumer group for one topic. Nothing is fetched before `assign` answers the first `.assigned`.
    func consumer(group: String, topic: Topic) async throws -> any EventConsumer

    /// The number of partitions. Throws `.unknownTopic` where there is none of that name.
    func partitionCount(of topic: Topic) async throws -> Int

    /// The extent of every partition asked for, read from the log now (never from a cache).
    func watermarks(of topic: Topic, partitions: [Int32]) async throws -> [Int32: Watermarks]

    /// Reads single records at exact places, outside any group. Places that hold no record (expired, beyond
    /// the end, a gap) are absent from the answer.
    func records(at places: [LogOffset], in topic: Topic) async throws -> RecordBatch

    /// The offsets that a group has committed; partitions without a commit are absent.
    func committed(group: String, topic: Topic, partitions: [Int32]) async throws -> [Int32: Int64]

    /// How long the records of a topic are kept while nobody has processed them.
    func unreadRetention(of topic: Topic) async throws -> TopicRetention

    /// Creates the topics that are missing. A log that cannot create topics is tolerated when they exist.
    func provision(_ topics: [TopicDefinition]) async throws -> [String: TopicProvision]

    /// Throws `EventLogError` unless the log answers within its time limit.
    func checkHealth() async throws

    /// Waits for what is under way, then lets go of all resources; later calls throw `.closed`. Idempotent.
    func close() async
}

extension EventLog {
    /// For logs that cannot be asked.
    public func unreadRetention(of topic: Topic) async throws -> TopicRetention { .unknown }

    /// The same in milliseconds; `nil` for ever.
    /// - Parameter assumed: what is taken for it where the log does not tell, or does not answer.
    public func unreadRetention(of topic: Topic, assuming assumed: Int64) async -> Int64? {
        switch (try? await unreadRetention(of: topic)) ?? .unknown {
        case .milliseconds(let milliseconds): milliseconds
        case .unlimited: nil
        case .unknown: assumed
        }
    }
}

/// What a consumer has to tell.
public enum ConsumerEvent: Sendable {
    /// Records, in order within each partition; empty when the waiting time passed without any.
    case records(RecordBatch)
    /// The group gave this consumer these partitions, instead of all it had before. Answer with `assign`.
    case assigned([Int32])
    /// The group takes all partitions back. Answer with `unassign`, after committing unless `lost`: then
    /// somebody else may own them already.
    case revoked([Int32], lost: Bool)
    /// The log no longer holds the position of these partitions, or was unreachable as a whole and may be another
    /// one now: compare positions again, then `assign`.
    case positionsUncertain([Int32])
}

/// A member of a consumer group. Pulled: nothing happens between two calls, and `next` must be called at least
/// every `max.poll.interval.ms`, with partitions paused where nothing more can be taken.
///
/// One caller at a time.
public protocol EventConsumer: Sendable {
    /// Waits at most `wait` for records or for news of the group. Records of one call come from any number of
    /// partitions; the call returns with what is there and does not wait until `max` is full.
    func next(max: Int, wait: Duration) async throws -> ConsumerEvent

    /// Starts fetching at these offsets, and only these partitions. Also re-positions a running assignment.
    /// Paused partitions are no longer paused.
    func assign(_ starts: [Int32: Int64]) async throws

    /// Gives back all partitions. Records still in hand must not be processed further.
    func unassign() async throws

    /// Stops fetching from partitions, without leaving the group. Pausing twice is harmless.
    func pause(_ partitions: [Int32]) async throws

    /// Goes on after `pause`, without gap or repetition. Resuming what is not paused is harmless.
    func resume(_ partitions: [Int32]) async throws

    /// Stores, for every partition, the offset of the next record to read, and waits for the acknowledgement.
    /// Throws where the group no longer accepts it (a rebalance is under way): redelivery follows.
    func commit(_ offsets: [Int32: Int64]) async throws

    /// Leaves the group. Idempotent; bounded in time.
    func close() async
}

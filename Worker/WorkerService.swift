public import Logging
public import Operations
public import ServiceLifecycle
public import Stores
import Synchronization

/// What a worker can be told.
public struct WorkerConfiguration: Sendable {
    /// The consumer group: all workers of one share the partitions.
    public var group = "tributary-worker"
    /// Records fetched at once, at most.
    public var batchSize = 2000
    /// Bytes of records that wait for a store, at most; what is more is fetched again when the store is back.
    public var heldBytes = 64 << 20
    /// Inserts under way at once, at most. A server takes several side by side; a file has one writer, and one insert
    /// a batch costs it least.
    public var concurrentInserts = 4
    /// How often progress is mirrored to the log.
    public var commitInterval: Duration = .seconds(1)
    /// How often lag is measured.
    public var lagInterval: Duration = .seconds(10)
    /// How long the log is taken to keep events where it does not tell, in milliseconds: the contract's seven days.
    public var assumedRetention: Int64 = 7 * 24 * 3600 * 1000
    /// How long after its last poll a worker may still insert. Below librdkafka's `max.poll.interval.ms` (5 min): later
    /// than that its partitions may belong to another.
    public var sessionDeadline: Duration = .seconds(240)

    /// Visitors that are remembered for the live view, at most, in all partitions together.
    public var liveVisitors = 500_000

    /// What enrichment goes by.
    public var enrichment = EnrichmentConfiguration()

    /// The defaults.
    public init() {}
}

/// A member of the consumer group that stores events: redelivered ones once, faulty ones in the dead-letter topic.
public struct WorkerService: Service {
    private let loop: WorkerLoop
    private let meter: LagMeter
    private let publisher: LivePublisher?

    /// A worker over a log and a store.
    /// - Parameters:
    ///   - live: where it tells each second what it stores; `nil`: nowhere.
    ///   - now: the clock, milliseconds since 1970.
    ///   - newToken: gives a text that no other batch has.
    public init(
        log: any EventLog, store: any RawEventStore, live: (any LiveFeed)?, configuration: WorkerConfiguration,
        logger: Logger,
        now: @escaping @Sendable () -> Int64, newToken: @escaping @Sendable () -> String
    ) {
        let tally = live.map { _ in LiveTally(maximumVisitors: configuration.liveVisitors, now: now) }
        let chain = PartitionChain(
            gaps: GapCheck(log: log), enricher: Enricher(configuration.enrichment),
            storing: Storing(store: store, concurrentInserts: configuration.concurrentInserts),
            deadLetters: DeadLetterWriter(
                log: log, store: store, consumerGroup: configuration.group, now: now, logger: logger),
            newToken: newToken, live: tally)
        let positions = PositionKeeper(log: log, store: store, newToken: newToken, logger: logger)
        loop = WorkerLoop(log: log, chain: chain, positions: positions, configuration: configuration, logger: logger)
        meter = LagMeter(
            log: log, interval: configuration.lagInterval, assumedRetention: configuration.assumedRetention,
            logger: logger, now: now)
        publisher = live.flatMap { feed in
            tally.map { LivePublisher(tally: $0, feed: feed, logger: logger, now: now) }
        }
    }

    /// Works until a graceful shutdown; then commits and leaves the group.
    public func run() async throws {
        let isStopping = Mutex(false)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup { group in
                group.addTask { await publisher?.run() }
                group.addTask { await meter.run { await loop.progress } }
                try await loop.run { isStopping.withLock { $0 } }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            isStopping.withLock { $0 = true }
        }
    }

    /// Ready when nothing is held back by trouble and positions are known.
    public var health: HealthCheck {
        HealthCheck(name: "partitions") { [loop] in
            if let trouble = await loop.trouble { throw trouble }
        }
    }
}

public import Logging
public import Stores

extension Spill {
    /// Lanes of a spill that is made while the log cannot be asked.
    private static let laneCount = TopicDefinition.contract.first { $0.name == Topic.userEvents.rawValue }?.partitions
    /// The most lanes there may be.
    private static let maximumLaneCount = 1024

    /// Takes over a spill as it was left.
    ///
    /// A new one gets as many lanes as the log's topic has partitions, so that a partition without a leader holds up its
    /// own events only. The number is kept; a topic that grows later needs no other, since a drained record finds its
    /// partition by its key.
    /// - Parameters:
    ///   - log: where events belong; asked once, for at most its own time limit, whether it answers.
    ///   - store: where they are kept meanwhile; nobody else writes to it.
    ///   - usedBytes: the bytes that `store` holds already, or about as many.
    ///   - maximumBytes: beyond so many bytes of records nothing is spilled.
    ///   - hasRoom: whether the disk of `store` may take more; asked before every append.
    /// - Throws: `EventLogError` where `store` cannot be read or written.
    public static func open(
        log: any EventLog, store: any TrimmableEventLog, usedBytes: Int64, maximumBytes: Int64, logger: Logger,
        hasRoom: @escaping @Sendable () async -> Bool
    ) async throws -> Spill {
        let partitions = try? await log.partitionCount(of: .userEvents)
        if partitions == nil { logger.warning("the log does not answer, events go to the spill") }
        let count = try await laneCount(of: store, orNew: partitions ?? laneCount ?? 1)
        let lanes = try await lanes(of: store, count: count)
        let state = SpillState(lanes: lanes, isLogDown: partitions == nil, bytes: usedBytes, maximumBytes: maximumBytes)
        return Spill(log: log, store: store, state: state, logger: logger, hasRoom: hasRoom)
    }

    private static func laneCount(of store: any TrimmableEventLog, orNew count: Int) async throws -> Int {
        let wanted = [(Topic.userEvents, min(count, maximumLaneCount)), (refused, 1)].map { topic, partitions in
            TopicDefinition(name: topic.rawValue, partitions: partitions, replicationFactor: 1, configuration: [:])
        }
        _ = try await store.provision(wanted)
        return try await store.partitionCount(of: .userEvents)
    }

    private static func lanes(of store: any TrimmableEventLog, count: Int) async throws -> [SpillLane] {
        let extents = try await store.watermarks(of: .userEvents, partitions: Array(0..<Int32(count)))
        let firsts = extents.filter { $1.high > $1.low }.map { LogOffset(partition: $0, offset: $1.low) }
        let found = try await store.records(at: firsts, in: .userEvents).records
        let oldest = Dictionary(found.map { ($0.partition, $0.timestamp) }) { first, _ in first }
        return (0..<Int32(count)).map { lane in
            let extent = extents[lane] ?? Watermarks(low: 0, high: 0)
            return SpillLane(low: extent.low, high: extent.high, oldest: oldest[lane])
        }
    }
}

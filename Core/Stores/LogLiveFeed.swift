import Foundation

/// Live summaries by way of the topic `user-events.live`.
///
/// Each follower is a consumer group of its own that commits nothing: all of them see everything.
public struct LogLiveFeed: LiveFeed {
    /// How long a follower waits before it tries again where the log was away.
    private static let pause: Duration = .seconds(1)

    private let log: any EventLog

    /// A feed over a log. Let it be a client of its own where its trouble must not become that of others.
    public init(log: any EventLog) { self.log = log }

    public func publish(_ summaries: [LiveSummary]) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var batch = RecordBatch()
        for summary in summaries {
            let value = batch.store(try encoder.encode(summary))
            batch.append(key: nil, value: value, headers: [], timestamp: summary.at)
        }
        _ = try await log.produce(batch, to: .live)
    }

    public func follow(recent: Int, _ take: @Sendable ([LiveSummary]) async throws -> Void) async throws {
        var position = LivePosition(recent: recent)
        while !Task.isCancelled {
            do {
                let group = "tributary-live-\(UUID().uuidString.lowercased())"
                let consumer = try await log.consumer(group: group, topic: .live)
                let result = await follow(consumer, &position, take)
                await consumer.close()
                try result.get()
            } catch let error as TakerError {
                throw error.cause
            } catch let error as EventLogError where error.isTransient {
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    private func follow(
        _ consumer: any EventConsumer, _ position: inout LivePosition,
        _ take: @Sendable ([LiveSummary]) async throws -> Void
    ) async -> Result<Void, any Error> {
        do {
            while !Task.isCancelled {
                switch try await consumer.next(max: 1_000, wait: .milliseconds(500)) {
                case .records(let batch):
                    position.pass(batch)
                    let summaries = Self.summaries(batch)
                    guard !summaries.isEmpty else { continue }
                    do { try await take(summaries) } catch { throw TakerError(cause: error) }
                case .assigned(let partitions):
                    try await consumer.assign(position.starts(try await extents(partitions)))
                case .revoked: try await consumer.unassign()
                case .positionsUncertain(let partitions):
                    // What was missed is past; the log may even be another one.
                    position.forget(partitions)
                    let all = Array(0..<Int32(try await log.partitionCount(of: .live)))
                    try await consumer.assign(position.starts(try await extents(all)))
                }
            }
            return .success(())
        } catch { return .failure(error) }
    }

    private func extents(_ partitions: [Int32]) async throws -> [Int32: Watermarks] {
        try await log.watermarks(of: .live, partitions: partitions)
    }

    /// What the records say; one that cannot be read is by another version, and passed over.
    private static func summaries(_ batch: RecordBatch) -> [LiveSummary] {
        let decoder = JSONDecoder()
        return batch.records.indices.compactMap { index in
            try? decoder.decode(LiveSummary.self, from: Data(batch.value(at: index)))
        }
    }
}

/// A failure of the one who follows, told apart from the log's.
private struct TakerError: Error { var cause: any Error }

/// Where a follower goes on. Pure.
struct LivePosition {
    /// How many summaries from before come first.
    let recent: Int
    private var next: [Int32: Int64] = [:]
    private var known: Set<Int32> = []

    init(recent: Int) { self.recent = recent }

    /// Records were read.
    mutating func pass(_ batch: RecordBatch) {
        for record in batch.records { next[record.partition] = record.offset + 1 }
    }

    /// The positions are of no use any more: on from the end.
    mutating func forget(_ partitions: [Int32]) {
        for partition in partitions { next[partition] = nil }
    }

    /// Where to read on: after what was read, the first time a little before the end, else at the end.
    mutating func starts(_ extents: [Int32: Watermarks]) -> [Int32: Int64] {
        var starts: [Int32: Int64] = [:]
        for (partition, extent) in extents {
            let isFirst = known.insert(partition).inserted
            let start = next[partition] ?? (isFirst ? extent.high - Int64(recent) : extent.high)
            starts[partition] = min(max(start, extent.low), extent.high)
        }
        next.merge(starts) { $1 }
        return starts
    }
}

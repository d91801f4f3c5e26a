import Stores

/// Finds `completeThrough`: the latest time whose log ends, read at that time, have been folded. Pure.
struct Freshness: Sendable {
    /// The log's ends at a time.
    struct Observation: Sendable, Equatable {
        /// Milliseconds since 1970, read before the ends.
        var time: Int64
        /// The offset after the last record, by partition.
        var ends: [Int32: Int64]
    }

    /// Observations kept at most: with one a minute, two hours behind.
    static let capacity = 120

    private var pending: [Observation] = []

    /// Notes where the log ended. Past the capacity every other one is dropped: a late answer beats none.
    ///
    /// - Parameter progress: read before the ends. Progress past an end means that the log was made anew and that no
    ///   worker has noticed yet: such an observation tells nothing.
    mutating func observe(_ observation: Observation, _ progress: [IngestProgress]) {
        let latest = Self.latestEpochs(progress)
        guard observation.ends.allSatisfy({ latest[$0]?.next ?? 0 <= $1 }) else { return }
        pending.append(observation)
        if pending.count > Self.capacity {
            pending = pending.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        }
    }

    /// The latest time that the cursors have reached; `nil` if none of those pending.
    mutating func completeThrough(_ progress: [IngestProgress], _ cursors: [RollupCursor]) -> Int64? {
        let cursors = Dictionary(uniqueKeysWithValues: cursors.map { ($0.partition, $0.nextOffset) })
        let latest = Self.latestEpochs(progress)
        func folded(_ progress: IngestProgress) -> Int64 { cursors[progress.partition] ?? progress.first }
        // Of logs that are gone, all that was processed must have been folded.
        let isBehind = progress.contains { progress in
            latest[progress.partition.partition]?.partition != progress.partition && folded(progress) < progress.next
        }
        guard !isBehind else { return nil }
        let reached = pending.lastIndex { observation in
            observation.ends.allSatisfy { partition, end in
                end == 0 || latest[partition].map { folded($0) >= end } ?? false
            }
        }
        guard let reached else { return nil }
        defer { pending.removeSubrange(...reached) }
        return pending[reached].time
    }

    private static func latestEpochs(_ progress: [IngestProgress]) -> [Int32: IngestProgress] {
        Dictionary(progress.map { ($0.partition.partition, $0) }) { left, right in
            left.partition.epoch > right.partition.epoch ? left : right
        }
    }
}

import Metrics
import Stores
import Synchronization

/// Counts what this worker stores, for the live view. Never waits but for a moment of counting.
final class LiveTally: Sendable {
    private struct State {
        var partitions: [Int32: (epoch: PartitionEpoch, tally: PartitionTally)] = [:]
        /// How many visitors are remembered in all partitions.
        var remembered = 0
        /// Whether nothing is told for the time being.
        var isSuspended = false
    }

    private let state = Mutex(State())
    private let maximumVisitors: Int
    private let now: @Sendable () -> Int64
    private let visitors = Gauge(label: WorkerMetrics.liveVisitorsLabel)

    /// - Parameters:
    ///   - maximumVisitors: how many may be remembered in all partitions together.
    ///   - now: the clock, milliseconds since 1970.
    init(maximumVisitors: Int, now: @escaping @Sendable () -> Int64) {
        (self.maximumVisitors, self.now) = (maximumVisitors, now)
    }

    /// This worker has these partitions, and no others. Those that it had before go on.
    func follow(_ partitions: some Collection<PartitionEpoch>) {
        let now = now()
        state.withLock { state in
            let old = state.partitions
            (state.partitions, state.isSuspended) = ([:], false)
            for partition in partitions {
                let tally = old[partition.partition]?.tally ?? PartitionTally(now: now)
                state.partitions[partition.partition] = (partition, tally)
            }
            state.remembered = state.partitions.values.reduce(0) { $0 + $1.tally.visitors.count }
        }
    }

    /// The group is sharing the partitions anew: nothing is told before `follow`, and what is counted is kept for the
    /// partitions that come back.
    func suspend() { state.withLock { $0.isSuspended = true } }

    /// The events that were stored now, of one partition.
    func count(_ partition: PartitionEpoch, _ decoded: [Decoded], _ outcomes: [Outcome]) {
        let now = now()
        state.withLock { state in
            // Taken out, so that nothing is copied while it changes.
            guard var entry = state.partitions.removeValue(forKey: partition.partition) else { return }
            defer { state.partitions[partition.partition] = entry }
            let others = state.remembered - entry.tally.visitors.count
            for case (.event(let event), .stored) in zip(decoded, outcomes) {
                entry.tally.count(event, now: now, hasRoom: others + entry.tally.visitors.count < maximumVisitors)
            }
            state.remembered = others + entry.tally.visitors.count
        }
    }

    /// Ends a second in all partitions.
    /// - Parameter second: milliseconds since 1970, whole seconds.
    func close(_ second: Int64) -> [LiveSummary] {
        let (summaries, remembered) = state.withLock { state -> ([LiveSummary], Int) in
            guard !state.isSuspended else { return ([], state.remembered) }
            let isFull = state.remembered >= maximumVisitors
            var (summaries, remembered) = ([LiveSummary](), 0)
            for number in state.partitions.keys.sorted() {
                summaries.append(
                    state.partitions[number]!.tally.close(second, of: state.partitions[number]!.epoch))
                if isFull { state.partitions[number]!.tally.sweep() }
                remembered += state.partitions[number]!.tally.visitors.count
            }
            state.remembered = remembered
            return (summaries, remembered)
        }
        visitors.record(remembered)
        return summaries
    }
}

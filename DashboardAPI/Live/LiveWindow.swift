import Stores

/// The last seconds of all partitions, put together from workers' summaries. Pure: no clock of its own.
///
/// A second is told when it is over for long enough that the workers will have said what happened in it. What comes
/// later still is added, and the second told again.
struct LiveWindow: Sendable {
    /// Seconds that are kept: the longest window of the page, 25 minutes.
    static let kept = 1500
    /// From the end of a second until it is told, in milliseconds.
    static let patience: Int64 = 1_200
    /// How long a partition's count of visitors holds that is not renewed, in milliseconds.
    static let staleness: Int64 = 15_000
    /// Partitions that visitors are kept of, at most, and counts of each.
    static let maximumPartitions = 10_000
    static let maximumCounts = 5

    private struct Visitors {
        var at: Int64
        var since: Int64
        var sources: [String: (count: Int, isExact: Bool)]
    }

    private var seconds: [Int64: LiveSecond] = [:]
    /// By partition the latest counts, oldest first: a second is told when the next ones are coming in already.
    private var partitions: [Int32: [Visitors]] = [:]
    /// The last second told.
    private var told: Int64?
    private var changed: Set<Int64> = []

    /// Takes a partition's second. One that is out of the window, or of the future, changes nothing.
    mutating func add(_ summary: LiveSummary, now: Int64) {
        let at = second(summary.at)
        guard at > now - Int64(Self.kept) * 1000, at <= now + Self.staleness else { return }
        var second = seconds[at] ?? LiveSecond(at: at)
        for (source, share) in summary.sources where !share.events.isEmpty { second.addEvents(share, of: source) }
        seconds[at] = second
        if let told, at <= told { changed.insert(at) }
        note(summary, at)
    }

    private mutating func note(_ summary: LiveSummary, _ at: Int64) {
        let known = partitions[summary.partition]
        guard known.map({ $0.last!.at <= at }) ?? (partitions.count < Self.maximumPartitions) else { return }
        let visitors = Visitors(
            at: at, since: summary.visitorsSince,
            sources: summary.sources.mapValues { ($0.visitors, $0.areVisitorsExact) })
        partitions[summary.partition] = (known ?? []).suffix(Self.maximumCounts - 1) + [visitors]
    }

    /// The seconds that are to be told now: new ones, and those that have changed. Oldest first.
    mutating func tell(now: Int64) -> [LiveSecond] {
        let last = second(now - Self.patience) - 1000
        let first = max((told ?? last - 1000) + 1000, last - Int64(Self.kept - 1) * 1000)
        defer { told = max(told ?? last, last) }
        forget(before: last - Int64(Self.kept - 1) * 1000)
        for at in stride(from: first, through: last, by: 1000) {
            seconds[at] = withVisitors(seconds[at] ?? LiveSecond(at: at))
        }
        // Where a count of that time is no longer kept, what was counted then stays.
        for at in changed where partitions.values.allSatisfy({ $0.first!.at <= at }) {
            seconds[at] = seconds[at].map(withVisitors)
        }
        let late = changed.sorted().compactMap { seconds[$0] }
        changed = []
        return late + stride(from: first, through: last, by: 1000).compactMap { seconds[$0] }
    }

    /// All seconds told so far, oldest first: what one who has just come has missed.
    var history: [LiveSecond] {
        guard let told else { return [] }
        return seconds.values.filter { $0.at <= told }.sorted { $0.at < $1.at }
    }

    private func withVisitors(_ second: LiveSecond) -> LiveSecond {
        var second = second
        second.forgetVisitors()
        for counts in partitions.values {
            guard let visitors = counts.last(where: { $0.at <= second.at }), visitors.at > second.at - Self.staleness
            else { continue }
            let isWhole = visitors.since <= second.at + 1000 - LiveSummary.visitorWindow
            for (source, (count, isExact)) in visitors.sources {
                second.addVisitors(count, isExact: isExact && isWhole, of: source)
            }
        }
        return second
    }

    private mutating func forget(before start: Int64) {
        for at in seconds.keys where at < start { seconds[at] = nil }
        for (partition, counts) in partitions where counts.last!.at < start { partitions[partition] = nil }
    }

    private func second(_ time: Int64) -> Int64 { time / 1000 * 1000 }
}

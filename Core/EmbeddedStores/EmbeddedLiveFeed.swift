import Metrics
public import Stores
import Synchronization

/// Live summaries within this process: the only one that has the directory, so nobody else could read them.
///
/// They are kept in memory and not in the log: a file that is synced each second for a view would keep an idle disk
/// busy for ever.
public final class EmbeddedLiveFeed: LiveFeed {
    /// Summaries kept for those who begin to follow: ten seconds of 24 partitions.
    static let maximumRecent = 240
    /// Calls of `publish` that may wait for a follower.
    static let maximumWaiting = 16

    private typealias Follower = AsyncStream<[LiveSummary]>.Continuation

    private struct State {
        var recent: [LiveSummary] = []
        var followers: [Int: Follower] = [:]
        var nextFollower = 0
    }

    private let state = Mutex(State())
    private let missed = Counter(label: EmbeddedMetrics.liveMissed)

    /// A feed that nobody follows yet.
    public init() {}

    public func publish(_ summaries: [LiveSummary]) {
        state.withLock { state in
            state.recent.append(contentsOf: summaries)
            state.recent.removeFirst(max(0, state.recent.count - Self.maximumRecent))
            for follower in state.followers.values {
                if case .dropped(let oldest) = follower.yield(summaries) { missed.increment(by: oldest.count) }
            }
        }
    }

    public func follow(recent: Int, _ take: @Sendable ([LiveSummary]) async throws -> Void) async throws {
        let (stream, follower) = AsyncStream.makeStream(
            of: [LiveSummary].self, bufferingPolicy: .bufferingNewest(Self.maximumWaiting))
        let (number, first) = state.withLock { state in
            defer { state.nextFollower += 1 }
            state.followers[state.nextFollower] = follower
            return (state.nextFollower, Array(state.recent.suffix(max(0, recent))))
        }
        defer { state.withLock { $0.followers[number] = nil } }
        if !first.isEmpty { try await take(first) }
        for await summaries in stream { try await take(summaries) }
    }
}

import Logging
import Metrics
import Operations
import Stores

/// Ends a second every second, and publishes it. What the feed does not take in time is dropped: the next second tells
/// more.
struct LivePublisher: Sendable {
    /// Seconds that may wait for the feed.
    static let maximumWaiting = 5

    let tally: LiveTally
    let feed: any LiveFeed
    let logger: Logger
    /// The clock, milliseconds since 1970.
    let now: @Sendable () -> Int64

    private let published = Counter(label: WorkerMetrics.livePublishedLabel)
    private let dropped = Counter(label: WorkerMetrics.liveDroppedLabel)

    init(tally: LiveTally, feed: any LiveFeed, logger: Logger, now: @escaping @Sendable () -> Int64) {
        (self.tally, self.feed, self.logger, self.now) = (tally, feed, logger, now)
    }

    /// Goes on until the task is cancelled.
    func run() async {
        let (seconds, waiting) = AsyncStream.makeStream(
            of: [LiveSummary].self, bufferingPolicy: .bufferingNewest(Self.maximumWaiting))
        await withTaskGroup { group in
            group.addTask { await tick(waiting) }
            group.addTask { for await summaries in seconds { await publish(summaries) } }
            await group.waitForAll()
        }
    }

    private func tick(_ waiting: AsyncStream<[LiveSummary]>.Continuation) async {
        defer { waiting.finish() }
        var second = now() / 1_000 * 1_000
        while !Task.isCancelled {
            let rest = min(1_000, max(1, second + 1_000 - now()))
            guard (try? await Task.sleep(for: .milliseconds(rest))) != nil else { return }
            let current = now() / 1_000 * 1_000
            // Woken too early. (A clock that was set back is followed.)
            guard current != second else { continue }
            let summaries = tally.close(second)
            second = current
            guard !summaries.isEmpty else { continue }
            if case .dropped(let oldest) = waiting.yield(summaries) { dropped.increment(by: oldest.count) }
        }
    }

    private func publish(_ summaries: [LiveSummary]) async {
        do {
            try await feed.publish(summaries)
            published.increment(by: summaries.count)
        } catch {
            dropped.increment(by: summaries.count)
            logger.debug("Live summaries were not published", metadata: ["error": "\(error)"])
        }
    }
}

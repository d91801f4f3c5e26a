import Logging
import Stores
import Synchronization
import Testing

@testable import Worker

/// A feed that does what a test says.
private final class FeedModel: LiveFeed {
    private let published = Mutex<[LiveSummary]>([])
    private let behaviour: @Sendable ([LiveSummary]) async throws -> Void

    init(_ behaviour: @escaping @Sendable ([LiveSummary]) async throws -> Void) { self.behaviour = behaviour }

    var seconds: [Int64] { published.withLock { $0.map(\.at) } }

    func publish(_ summaries: [LiveSummary]) async throws {
        published.withLock { $0 += summaries }
        try await behaviour(summaries)
    }

    func follow(recent: Int, _ take: @Sendable ([LiveSummary]) async throws -> Void) async throws {}
}

struct LivePublisherTests {
    private static let partition = PartitionEpoch(epoch: 1, partition: 0)

    /// Runs a publisher.
    private func publishing(_ feed: FeedModel, _ body: (LiveTally) async throws -> Void) async throws {
        let start = ContinuousClock.now
        let now: @Sendable () -> Int64 = { noon + Int64((ContinuousClock.now - start) / .milliseconds(1)) }
        let tally = LiveTally(maximumVisitors: 1_000, now: now)
        tally.follow([Self.partition])
        let publisher = LivePublisher(tally: tally, feed: feed, logger: Logger(label: "test"), now: now)
        try await withThrowingTaskGroup { group in
            group.addTask { await publisher.run() }
            try await body(tally)
            group.cancelAll()
        }
    }

    private func eventually(_ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while !condition(), .now < deadline { try await Task.sleep(for: .milliseconds(5)) }
        #expect(condition())
    }

    @Test func everySecondIsPublishedOnce() async throws {
        let feed = FeedModel { _ in }
        try await publishing(feed) { _ in try await eventually { feed.seconds.count >= 3 } }
        let seconds = feed.seconds
        #expect(seconds.allSatisfy { $0 % 1_000 == 0 })
        #expect(zip(seconds, seconds.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func aFeedThatFailsIsTriedAgain() async throws {
        let feed = FeedModel { _ in throw EventLogError(.unreachable, "away") }
        try await publishing(feed) { _ in try await eventually { feed.seconds.count >= 2 } }
    }

    /// One publish hangs until the end; meanwhile events are counted and seconds end as ever.
    @Test func aFeedThatHangsHoldsUpNothing() async throws {
        let feed = FeedModel { _ in try await Task.sleep(for: .seconds(600)) }
        try await publishing(feed) { tally in
            try await eventually { feed.seconds.count == 1 }
            let decoded = Decoder().decode(RecordSlice([record()]), epoch: 1)
            for _ in 0..<200 {
                tally.count(Self.partition, decoded, [.stored])
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(feed.seconds.count == 1)
        }
    }
}

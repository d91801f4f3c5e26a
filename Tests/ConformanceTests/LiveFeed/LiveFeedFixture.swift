import EmbeddedStores
import Stores
import Synchronization
import TestSupport
import Testing

/// An implementation of `LiveFeed` that is held to the protocol.
struct LiveFeedEngine: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Makes a feed, and says how to let go of it.
    let make: @Sendable () async throws -> (feed: any LiveFeed, close: @Sendable () async -> Void)

    static let all = [
        LiveFeedEngine(testDescription: "Kafka") {
            let fixture = try await KafkaFixture(topics: [.live: 1])
            do {
                return (LogLiveFeed(log: try await fixture.open()), { await fixture.close() })
            } catch {
                await fixture.close()
                throw error
            }
        },
        LiveFeedEngine(testDescription: "embedded") { (EmbeddedLiveFeed(), {}) },
    ]

    /// Runs a check on a feed of its own, which is let go of also when the check throws.
    func check(_ body: (any LiveFeed) async throws -> Void) async throws {
        let (feed, close) = try await make()
        do { try await body(feed) } catch {
            await close()
            throw error
        }
        await close()
    }
}

/// What a follower was given.
final class Taken: Sendable {
    private let summaries = Mutex<[LiveSummary]>([])

    var all: [LiveSummary] { summaries.withLock { $0 } }
    /// The seconds of the summaries, counted from 0.
    var seconds: [Int64] { all.map { $0.at / 1_000 } }

    func take(_ new: [LiveSummary]) { summaries.withLock { $0 += new } }
}

extension LiveSummary {
    /// The summary of a second, counted from 0.
    static func sample(_ second: Int64, partition: Int32 = 3) -> LiveSummary {
        var latency = LatencyHistogram()
        latency.count(second)
        let source = Source(events: ["page_view": Int(second), other: 1], visitors: 7, latency: latency)
        return LiveSummary(
            at: second * 1_000, epoch: 2, partition: partition, visitorsSince: 5, sources: ["shop": source])
    }
}

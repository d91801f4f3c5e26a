import Hummingbird
import HummingbirdCore
import Logging
import Operations
import ServiceLifecycle
import Stores
import Synchronization

@testable import DashboardAPI

/// A dashboard that listens, and a feed that a test speaks through.
struct LiveServer: Sendable {
    let port: Int
    let feed: Feed
    let hub: LiveHub
    let clock: Clock

    /// Runs a server for as long as `body` does; both end when told to.
    static func with(
        limits: LiveLimits = LiveLimits(), access: Access = .open, _ body: @Sendable (LiveServer) async throws -> Void
    ) async throws {
        let (feed, clock, listening) = (Feed(), Clock(), ListeningAddress())
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let hub = LiveHub(feed: feed, limits: limits, logger: logger, now: { clock.now })
        let router = Router(context: DashboardContext.self)
        router.add(middleware: ProblemMiddleware())
        addLive(to: router, hub: hub, access: access)
        let application = Application(
            router: router, server: .guarded(limits: ConnectionLimits()),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { [logger] in listening.announce($0, logger: logger) }, logger: logger)
        let group = ServiceGroup(configuration: .init(services: [hub, application], logger: logger))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            defer { tasks.cancelAll() }
            try await body(LiveServer(port: try await listening.port, feed: feed, hub: hub, clock: clock))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// A clock that stands still until a test moves it.
    final class Clock: Sendable {
        private let milliseconds = Atomic<Int64>(1_700_000_000_000)

        var now: Int64 { milliseconds.load(ordering: .sequentiallyConsistent) }
        func pass(_ time: Int64) { milliseconds.add(time, ordering: .sequentiallyConsistent) }
    }

    /// Hands over what it is given, at once.
    final class Feed: LiveFeed {
        private typealias Taker = @Sendable ([LiveSummary]) async throws -> Void
        private let stream = AsyncStream<[LiveSummary]>.makeStream()

        func publish(_ summaries: [LiveSummary]) { stream.continuation.yield(summaries) }

        func follow(recent: Int, _ take: @Sendable ([LiveSummary]) async throws -> Void) async throws {
            for await summaries in stream.stream { try await take(summaries) }
        }
    }

    /// Publishes a second of two sources.
    func publish(web: [String: Int], shop: [String: Int], at second: Int64) {
        feed.publish([
            LiveSummary(
                at: second, epoch: 1, partition: 0, visitorsSince: 0,
                sources: [
                    "web": .init(events: web, visitors: web.count), "shop": .init(events: shop, visitors: shop.count),
                ])
        ])
    }
}

import Foundation
import HTTPTypes
public import Logging
import Metrics
import NIOCore
import Operations
public import ServiceLifecycle
public import Stores
import Synchronization

/// Follows the workers' summaries and tells them to all who look on, once a second.
public final class LiveHub: Service, CustomStringConvertible {
    /// Summaries from before the start that are asked for: what 24 partitions say in the window that is kept.
    static let recent = LiveWindow.kept * 24

    private struct State {
        var window = LiveWindow()
        var viewers: [Int: LiveViewer] = [:]
        var nextViewer = 0
        /// Everything told so far, by what of it may be seen; until the next second.
        var histories: [String: ByteBuffer] = [:]
    }

    private let feed: any LiveFeed
    let limits: LiveLimits
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())
    private let gauge = Gauge(label: LiveMetrics.viewersLabel)
    private let refused = Counter(label: LiveMetrics.refusedLabel)
    private let summaries = Counter(label: LiveMetrics.summariesLabel)
    private let failures = Counter(label: LiveMetrics.failuresLabel)

    /// A hub that follows nothing yet.
    /// - Parameter now: the clock, milliseconds since 1970.
    public init(
        feed: any LiveFeed, limits: LiveLimits = LiveLimits(), logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        (self.feed, self.limits, self.logger, self.now) = (feed, limits, logger, now)
    }

    public var description: String { "live view" }

    /// Follows until asked to stop; then all who look on are told so.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                group.addTask { await self.follow() }
                group.addTask { await self.tellEachSecond() }
            }
        }
        for viewer in state.withLock({ $0.viewers.values.map { $0 } }) { viewer.finish(.goingAway) }
    }

    private func follow() async {
        var backoff = Backoff(initial: .seconds(1), maximum: .seconds(30))
        var recent = Self.recent
        while !Task.isCancelled {
            do {
                try await feed.follow(recent: recent) { [self] batch in
                    summaries.increment(by: batch.count)
                    let now = now()
                    state.withLock { state in for summary in batch { state.window.add(summary, now: now) } }
                }
            } catch {
                failures.increment()
                logger.warning("The live summaries cannot be followed", metadata: ["error": "\(error)"])
            }
            recent = 0
            try? await Task.sleep(for: backoff.next())
        }
    }

    private func tellEachSecond() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(1_000 - now() % 1_000))
            if !Task.isCancelled { tell() }
        }
    }

    /// Those who look on.
    var viewers: Int { state.withLock { $0.viewers.count } }

    /// Tells what is new; lets go whoever does not keep up, or may not look on any longer.
    func tell() {
        let now = now()
        let (seconds, viewers) = state.withLock { state in
            state.histories = [:]
            return (state.window.tell(now: now), Array(state.viewers.values))
        }
        var messages: [String: ByteBuffer] = [:]
        for viewer in viewers {
            if let expires = viewer.caller.expires, expires <= now {
                viewer.finish(.expired)
                continue
            }
            let scope = viewer.caller.scope
            if messages[scope] == nil { messages[scope] = message(seconds, for: viewer.caller) }
            if let message = messages[scope] { viewer.tell(message) }
        }
    }

    /// Lets somebody look on, and tells them what they have missed.
    /// - Throws: `Problem`, a 503 where there is no room.
    func join(_ caller: Caller) throws(Problem) -> LiveViewer {
        let joined = state.withLock { state -> (LiveViewer, Int, [LiveSecond]?, ByteBuffer?)? in
            guard state.viewers.count < limits.viewers else { return nil }
            let number = state.nextViewer
            state.nextViewer += 1
            let viewer = LiveViewer(caller, buffered: limits.messages)
            state.viewers[number] = viewer
            let history = state.histories[caller.scope]
            return (viewer, number, history == nil ? state.window.history : nil, history)
        }
        guard let (viewer, number, seconds, known) = joined else {
            refused.increment()
            throw Problem(
                .serviceUnavailable, code: "too_many_viewers", detail: "too many look on already; come back later",
                headers: [.retryAfter: "30"])
        }
        viewer.onEnd { [weak self] _ in self?.leave(number) }
        gauge.record(viewers)
        if let history = known ?? seconds.flatMap({ message($0, for: caller) }) {
            state.withLock { $0.histories[caller.scope] = history }
            viewer.tell(history)
        }
        return viewer
    }

    private func leave(_ number: Int) {
        let count = state.withLock { state in
            state.viewers[number] = nil
            return state.viewers.count
        }
        gauge.record(count)
    }

    private func message(_ seconds: [LiveSecond], for caller: Caller) -> ByteBuffer? {
        do {
            return try LiveMessage(seconds, for: caller.sources).json
        } catch {
            logger.error("A live message could not be written", metadata: ["error": "\(error)"])
            return nil
        }
    }
}

/// What the live view takes.
public struct LiveLimits: Sendable {
    /// Those who look on at once.
    public var viewers = 500
    /// Messages, one a second, that wait for one who does not take them, before they are let go.
    public var messages = 10
    /// Pages that may connect beside those of this server, as `https://host`.
    public var origins: Set<String> = []
    /// When those who say nothing are taken for gone.
    var pace = SocketPace()

    /// Limits that suit a team.
    public init() {}
}

import AsyncHTTPClient
import Foundation
import ServiceLifecycle
import Traffic

/// Sends the history, waits until it is counted, shows the numbers, and keeps some traffic going until the end.
struct Demonstration: Service, CustomStringConvertible {
    let directory: String
    let collector: String
    let dashboard: String
    let writeKey: String?
    let timeZone: String
    /// The history of a directory that has none.
    let newHistory: History
    let liveRate: Double

    var description: String { "demonstration" }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            do {
                try await demonstrate()
            } catch  where !Task.isCancelled {
                say("demo: \(error)")
                return
            } catch {}
        }
        try await requireShutdown()
    }

    /// Ending before one is asked to is a failure: the others end then as well.
    private func requireShutdown() async throws {
        guard Task.isShuttingDownGracefully || Task.isCancelled else { throw DemonstrationFailure() }
    }

    private func demonstrate() async throws {
        let questions = Questions(dashboard: dashboard)
        try await questions.waitUntilReady(collector)
        let history = try await sendHistory()
        try await questions.waitUntilComplete(since: currentMilliseconds())
        let numbers = try await questions.numbers(of: history, timeZone: timeZone)
        let style = Style.ofStandardOutput
        print(VisitorsTable(numbers, style: style).text)
        print(Addresses(collector: collector, dashboard: dashboard, day: numbers.lastDay).text(style))
        fflush(nil)
        try await keepGoing(history)
    }

    private func sendHistory() async throws -> History {
        let known = try History.read(from: directory)
        var history = known ?? newHistory
        if history.isComplete {
            say("the history is there: about \(grouped(Int64(history.events))) events in \(directory)")
            return history
        }
        if known != nil { say("the history was not finished: sending it again, what is there counts once") }
        try history.write(to: directory)
        try await send(history)
        history.isComplete = true
        try history.write(to: directory)
        return history
    }

    private func send(_ history: History) async throws {
        let outcome = await TrafficSending(
            feed: feed(history.plan, rate: .max), poster: poster, connections: 4, total: Int64(history.events),
            label: "history"
        ).run()
        try Task.checkCancellation()
        if let failure = outcome.failure { throw failure }
        if let refusal = outcome.refusals.first {
            throw SendingError(message: "the collector rejected events: \(refusal)", isFinal: true)
        }
    }

    /// The same people as in the history, now.
    private func keepGoing(_ history: History) async throws {
        guard liveRate > 0 else { return try await gracefulShutdown() }
        say("sending \(liveRate.formatted()) events a second; Ctrl-C ends it")
        var plan = TrafficPlan(.live(from: currentMilliseconds(), eventsPerSecond: liveRate))
        (plan.seed, plan.users, plan.hasAddresses) = (history.seed, history.users, true)
        let outcome = await TrafficSending(
            feed: feed(plan, rate: .perSecond(liveRate)), poster: poster, connections: 1, total: nil,
            showsProgress: false
        ).run()
        try Task.checkCancellation()
        // The numbers stay worth looking at without it.
        say("the live traffic has ended: \(outcome.failure.map { "\($0)" } ?? "no more events")")
        try await gracefulShutdown()
    }

    private var poster: EventPoster { EventPoster(client: .shared, collector: collector, writeKey: writeKey) }

    private func feed(_ plan: TrafficPlan, rate: Rate) -> TrafficFeed {
        TrafficFeed(
            plan, limit: nil,
            schedule: TrafficFeed.Schedule(
                rate: rate, batch: 500, duration: nil, retryShare: 0, wallStart: currentMilliseconds()))
    }
}

/// Why the demonstration ended by itself; what happened has been said.
private struct DemonstrationFailure: Error, CustomStringConvertible {
    var description: String { "the demonstration could not go on" }
}

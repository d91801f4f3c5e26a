import ArgumentParser
import Foundation
import Operations
import Traffic

/// `tributary load`: sends made-up traffic to a collector, any collector, and reports how it took it.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Send made-up traffic to a collector and report how it took it.",
        discussion: """
            With --days or --from a history is sent: visitors with habits, by the rhythm of days and weeks. Without, \
            traffic of now, until --events, --duration or Ctrl-C ends it. The same options and the same --from and \
            --to give the same events, byte for byte: sent again, they change nothing.
            """)

    @OptionGroup(title: "Target") var target: TargetOptions
    @OptionGroup(title: "Traffic") var traffic: TrafficOptions

    @Option(help: "Events a second, as 200 or 200/s, or max (default: max for a history, else 10).")
    var rate: Rate?

    @Option(help: "Stop after this time, such as 30s or 5m.")
    var duration: LengthOfTime?

    @Option(help: "The share of requests that are sent twice, as by clients that missed the answer.")
    var retries: Share = 0

    @Flag(help: "Print the report as one JSON object.")
    var json = false

    @Option(help: ArgumentHelp("Write the true numbers by day and week (UTC) to this file.", valueName: "file"))
    var expect: String?

    @Flag(help: "Send nothing: print the events, one a line, duplicates included.")
    var dryRun = false

    func validate() throws {
        try target.check()
        try traffic.check()
        if dryRun, !traffic.isHistory, traffic.events == nil {
            throw ValidationError("--dry-run needs --events, --days or --from: live traffic has no end")
        }
    }

    func run() async throws {
        let rate = rate ?? (traffic.isHistory ? .max : .perSecond(10))
        let now = currentMilliseconds()
        let plan = try traffic.plan(now: now, rate: rate)
        let limit = traffic.isHistory ? nil : traffic.events
        if dryRun { return try DryRun(plan: plan, limit: limit, expect: expect).run() }
        let feed = TrafficFeed(
            plan, limit: limit,
            schedule: TrafficFeed.Schedule(
                rate: rate, batch: target.batch, duration: duration?.value, retryShare: retries.value, wallStart: now))
        let sending = TrafficSending(
            feed: feed, poster: target.poster, connections: target.connections, total: expectedEvents(rate),
            keepsCensus: expect != nil)
        let outcome = await sending.runUntilInterrupted()
        try report(outcome)
    }

    /// For the progress bar.
    private func expectedEvents(_ rate: Rate) -> Int64? {
        if let events = traffic.eventCount { return Int64(events) }
        guard case .perSecond(let rate) = rate, let duration else { return nil }
        return Int64(rate * (duration.value / .seconds(1)))
    }

    private func report(_ outcome: TrafficSending.Outcome) throws {
        print(json ? try outcome.report.json() : outcome.report.text)
        for refusal in outcome.refusals { say("rejected: \(refusal)") }
        if let failure = outcome.failure {
            say("load stopped: \(failure)")
            throw ExitCode.failure
        }
        if outcome.wasInterrupted {
            // Live traffic has no other end; a history that was cut short is none.
            if traffic.isHistory { throw ExitCode(130) }
        } else if let expect, let census = outcome.census {
            try census.write(to: expect)
        }
        if outcome.report.rejected > 0 { throw ExitCode.failure }
    }
}

extension TrafficCensus {
    /// Writes the numbers as JSON: `{"days":{"2025-05-01":[events,visitors]},"weeks":…,"total":…,"duplicates":n}`.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        do {
            try encoder.encode(self).write(to: URL(fileURLWithPath: path))
        } catch {
            say("'\(path)' cannot be written: \(error.localizedDescription)")
            throw ExitCode(73)  // EX_CANTCREAT
        }
    }
}

import Foundation
import Logging
import Operations
import Synchronization
import Traffic

/// Sends a feed's batches, several at a time, and keeps account of what became of them.
struct TrafficSending {
    /// What became of it.
    struct Outcome {
        var report: LoadReport
        /// Why the first few events were rejected.
        var refusals: [String]
        var wasInterrupted = false
        /// What ended it early.
        var failure: (any Error)?
        /// The true numbers of what was accepted, if they were to be kept.
        var census: TrafficCensus?
    }

    let feed: TrafficFeed
    let poster: EventPoster
    let connections: Int
    /// Events there will be, about: for the progress bar.
    let total: Int64?
    var label = "load"
    var keepsCensus = false
    /// Whether progress is shown.
    var showsProgress = true

    /// Sends until the feed ends or a signal comes; a second one ends the process at once.
    func runUntilInterrupted() async -> Outcome {
        let (interruptions, interrupt) = AsyncStream.makeStream(of: Void.self)
        let quiet = Logger(label: "load") { _ in SwiftLogNoOpLogHandler() }
        let signals = await TerminationSignals(logger: quiet) { interrupt.yield() }
        let outcome = await withTaskGroup(of: Outcome?.self) { tasks in
            tasks.addTask { await run() }
            tasks.addTask {
                for await _ in interruptions { break }
                return nil
            }
            var (outcome, wasInterrupted) = (Outcome?.none, false)
            for await ended in tasks {
                if let ended { outcome = ended } else if outcome == nil { wasInterrupted = true }
                tasks.cancelAll()
            }
            outcome?.wasInterrupted = wasInterrupted
            return outcome
        }
        _ = consume signals
        return outcome!
    }

    /// Sends until the feed ends, something fails for good, or the task is cancelled.
    func run() async -> Outcome {
        let account = Account(self)
        var failure: (any Error)?
        do {
            try await withThrowingTaskGroup { tasks in
                for _ in 0..<connections { tasks.addTask { try await sendBatches(account) } }
                try await tasks.waitForAll()
            }
        } catch is CancellationError {
        } catch {
            // What a cancelled request fails with is no failure of the collector.
            if !Task.isCancelled { failure = error }
        }
        let isWhole = failure == nil && !Task.isCancelled
        var outcome = account.outcome(isPaced: feed.isPaced, total: isWhole ? total : nil)
        outcome.failure = failure
        return outcome
    }

    private func sendBatches(_ account: Account) async throws {
        while let batch = feed.next() {
            if let due = batch.due { try await Task.sleep(until: due) }
            try Task.checkCancellation()
            let begin = batch.due ?? .now
            let (answer, retries) = try await poster.post(batch.body)
            account.record(batch, answer, retries: retries, latency: .now - begin)
        }
    }
}

/// What has become of the batches so far.
private final class Account: Sendable {
    /// Reasons that are kept, at most.
    private static let maximumRefusals = 5

    private struct State {
        var report = LoadReport()
        var refusals: [String] = []
        var census: TrafficCensus?
        var bar: ProgressBar?
    }

    private let start = ContinuousClock.now
    private let state: Mutex<State>

    init(_ sending: TrafficSending) {
        let bar = sending.showsProgress ? ProgressBar(label: sending.label, total: sending.total) : nil
        state = Mutex(State(census: sending.keepsCensus ? TrafficCensus() : nil, bar: bar))
    }

    func record(_ batch: TrafficFeed.Batch, _ answer: EventPoster.Answer, retries: Int, latency: Duration) {
        state.withLock { state in
            state.report.add(batch, answer, retries: retries, latency: latency)
            for result in answer.results where state.refusals.count < Self.maximumRefusals {
                state.refusals.append(result.error.map { "\($0.field) \($0.message)" } ?? "no reason given")
            }
            if !batch.isResent { batch.events.forEach { state.census?.add($0) } }
            let report = state.report
            state.bar?.update(report.new, note: note(report))
        }
    }

    /// - Parameter total: what the bar was to reach, where everything was sent: a history has about as many.
    func outcome(isPaced: Bool, total: Int64?) -> TrafficSending.Outcome {
        state.withLock { state in
            state.report.finish(after: .now - start, isPaced: isPaced)
            state.bar?.finish(total ?? state.report.new, note: note(state.report))
            return TrafficSending.Outcome(report: state.report, refusals: state.refusals, census: state.census)
        }
    }

    private func note(_ report: LoadReport) -> String {
        let seconds: Double = (.now - start) / .seconds(1)
        let rejected = report.rejected > 0 ? ", \(grouped(report.rejected)) rejected" : ""
        return
            "\(grouped(report.accepted)) accepted\(rejected), \(grouped(Int64(Double(report.sent) / max(seconds, 0.001))))/s"
    }
}

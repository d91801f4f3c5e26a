import Metrics
import Operations

/// The aggregator's own metrics.
enum AggregatorMetrics {
    static let passesLabel = "tributary_aggregator_passes_total"
    static let foldedLabel = "tributary_aggregator_events_folded_total"
    static let mismatchesLabel = "tributary_aggregator_window_mismatches"
    static let leaderLabel = "tributary_aggregator_leader"
    static let failuresLabel = "tributary_aggregator_failed_passes_in_a_row"
    static let passLabel = "tributary_aggregator_pass_seconds"
    /// Gauge: how long ago `completeThrough` was when the last pass ended, whether it succeeded or not.
    static let completeThroughAgeLabel = "tributary_aggregator_complete_through_age_seconds"
    /// Gauge: `completeThrough` itself, in seconds since 1970. For alerts: it does not stand still where passes do.
    static let completeThroughLabel = "tributary_aggregator_complete_through_timestamp_seconds"
    /// Gauge: the end of the last pass that succeeded, in seconds since 1970.
    static let lastPassLabel = "tributary_aggregator_last_pass_timestamp_seconds"
}

/// Counts passes.
struct AggregatorTelemetry: Sendable {
    private let succeeded = Counter(label: AggregatorMetrics.passesLabel, dimensions: [("outcome", "succeeded")])
    private let contended = Counter(label: AggregatorMetrics.passesLabel, dimensions: [("outcome", "contended")])
    private let leader = Gauge(label: AggregatorMetrics.leaderLabel)
    private let failures = Gauge(label: AggregatorMetrics.failuresLabel)
    private let failed = Counter(label: AggregatorMetrics.passesLabel, dimensions: [("outcome", "failed")])
    private let folded = Counter(label: AggregatorMetrics.foldedLabel)
    private let mismatches = Gauge(label: AggregatorMetrics.mismatchesLabel)
    private let pass = Metrics.Timer(label: AggregatorMetrics.passLabel)
    private let age = Gauge(label: AggregatorMetrics.completeThroughAgeLabel)
    private let completeThrough = Gauge(label: AggregatorMetrics.completeThroughLabel)
    private let lastPass = Gauge(label: AggregatorMetrics.lastPassLabel)

    func count(_ report: PassReport, took duration: Duration, now: Int64) {
        succeeded.increment()
        failures.record(0)
        folded.increment(by: report.events)
        mismatches.record(report.mismatches)
        pass.recordNanoseconds(duration.nanoseconds)
        lastPass.record(Double(now) / 1000)
        show(completeThrough: report.completeThrough, now: now)
    }

    /// - Parameter inARow: with the failures before it, since the last success.
    func countFailure(inARow: Int, completeThrough time: Int64?, now: Int64) {
        failed.increment()
        failures.record(inARow)
        show(completeThrough: time, now: now)
    }

    private func show(completeThrough time: Int64?, now: Int64) {
        guard let time else { return }
        completeThrough.record(Double(time) / 1000)
        age.record(Double(now - time) / 1000)
    }

    func countContended() { contended.increment() }

    func leads(_ isLeading: Bool) { leader.record(isLeading ? 1 : 0) }
}

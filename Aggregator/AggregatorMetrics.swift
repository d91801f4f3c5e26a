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
    static let completeThroughLabel = "tributary_aggregator_complete_through_age_seconds"
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
    private let age = Gauge(label: AggregatorMetrics.completeThroughLabel)

    func count(_ report: PassReport, took duration: Duration, now: Int64) {
        succeeded.increment()
        failures.record(0)
        folded.increment(by: report.events)
        mismatches.record(report.mismatches)
        pass.recordNanoseconds(duration.nanoseconds)
        if let time = report.completeThrough { age.record(Double(now - time) / 1000) }
    }

    /// - Parameter inARow: with the failures before it, since the last success.
    func countFailure(inARow: Int) {
        failed.increment()
        failures.record(inARow)
    }

    func countContended() { contended.increment() }

    func leads(_ isLeading: Bool) { leader.record(isLeading ? 1 : 0) }
}

import Events
import Metrics
import Operations

/// The collector's own metrics.
enum CollectorMetrics {
    static let acceptedLabel = "tributary_collector_events_accepted_total"
    static let rejectedLabel = "tributary_collector_events_rejected_total"
    static let turnedAwayLabel = "tributary_collector_requests_turned_away_total"
    static let unavailableLabel = "tributary_collector_requests_unavailable_total"
    /// Timer: from the first record of a request to the last acknowledgement, by log or spill.
    static let publishLabel = "tributary_collector_publish_seconds"
    /// Gauge: requests being worked on.
    static let inFlightLabel = "tributary_collector_requests_in_flight"
    /// Gauge: bytes of bodies in memory.
    static let bufferedLabel = "tributary_collector_buffered_bytes"
    static let deadLettersLabel = "tributary_collector_dead_letters_total"
    static let deadLettersWaitingLabel = "tributary_collector_dead_letters_waiting_bytes"
    /// Requests that were not let in; label `reason`.
    static let refusedLabel = "tributary_collector_requests_refused_total"
    /// Slots of a limit's table that have been used, and buckets taken over by another name before they were full again:
    /// then the table is too small; label `limit`.
    static let limitTable = BucketTable.Labels(
        entries: "tributary_collector_limit_entries", displaced: "tributary_collector_limit_displaced_total")
}

/// Counters made once: looking one up costs more than raising it.
struct CollectorCounters: Sendable {
    private let accepted = Counter(label: CollectorMetrics.acceptedLabel)
    private let unavailable = Counter(label: CollectorMetrics.unavailableLabel)
    private let publish = Metrics.Timer(label: CollectorMetrics.publishLabel)
    private let rejected = Dictionary(
        uniqueKeysWithValues: EventViolation.Code.allCases.map {
            ($0, Counter(label: CollectorMetrics.rejectedLabel, dimensions: [("code", $0.rawValue)]))
        })

    func count(_ request: EventRequest, accepted count: Int) {
        accepted.increment(by: count)
        guard count < request.items.count else { return }
        for item in request.items {
            if let code = item.violation?.code { rejected[code]?.increment() }
        }
    }

    func countUnavailable() { unavailable.increment() }

    func published(in duration: Duration) { publish.recordNanoseconds(duration.nanoseconds) }
}

/// What became of rejected events that were to be recorded.
struct RejectedEventsTelemetry: Sendable {
    /// The label `result`.
    enum Result: String, CaseIterable {
        case written
        /// More came than the rate allows.
        case limited
        case queueFull = "queue_full"
        case failed
    }

    private let letters = Dictionary(
        uniqueKeysWithValues: Result.allCases.map {
            ($0, Counter(label: CollectorMetrics.deadLettersLabel, dimensions: [("result", $0.rawValue)]))
        })
    private let waiting = Gauge(label: CollectorMetrics.deadLettersWaitingLabel)

    func count(_ result: Result, _ count: Int) { if count > 0 { letters[result]?.increment(by: count) } }

    func set(waiting bytes: Int) { waiting.record(bytes) }
}

/// Counters of requests that were not let in.
struct GateCounters: Sendable {
    private let refused = Dictionary(
        uniqueKeysWithValues: Denial.allCases.map {
            ($0, Counter(label: CollectorMetrics.refusedLabel, dimensions: [("reason", $0.rawValue)]))
        })

    func count(_ denial: Denial) { refused[denial]?.increment() }
}

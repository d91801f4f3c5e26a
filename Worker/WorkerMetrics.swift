import Metrics
import Operations
import Stores

/// The worker's own metrics.
enum WorkerMetrics {
    static let storedLabel = "tributary_worker_events_stored_total"
    static let duplicateLabel = "tributary_worker_events_duplicate_total"
    static let deadLabel = "tributary_worker_events_dead_total"
    static let retriesLabel = "tributary_worker_slice_retries_total"
    static let heldLabel = "tributary_worker_partitions_held"
    static let heldBytesLabel = "tributary_worker_held_bytes"
    static let lostConsumersLabel = "tributary_worker_consumers_lost_total"
    static let assignedLabel = "tributary_worker_partitions_assigned"
    static let lagLabel = "tributary_worker_lag_records"
    static let lagSecondsLabel = "tributary_worker_lag_seconds"
    static let timeToLossLabel = "tributary_worker_time_to_data_loss_seconds"
    static let lostLabel = "tributary_worker_records_lost"
    static let balancedLabel = "tributary_worker_books_balanced"
    static let enrichmentFailuresLabel = "tributary_worker_enrichment_failures_total"
    static let cacheMissesLabel = "tributary_worker_enrichment_cache_misses_total"
    /// Gauge: dead letters that somebody has to look at, counted up to `OpenDeadLetters.limit`.
    static let openLettersLabel = "tributary_dead_letters_open"
    /// Gauge: seconds since the oldest of them failed; 0 without any.
    static let oldestLetterLabel = "tributary_dead_letters_open_oldest_seconds"
    static let liveVisitorsLabel = "tributary_worker_live_visitors"
    static let livePublishedLabel = "tributary_worker_live_published_total"
    static let liveDroppedLabel = "tributary_worker_live_dropped_total"
    static let batchLabel = "tributary_worker_batch_seconds"
}

/// Raises counters and sets gauges as the books say.
struct WorkerTelemetry: Sendable {
    private let stored = Counter(label: WorkerMetrics.storedLabel)
    private let duplicate = Counter(label: WorkerMetrics.duplicateLabel)
    private let retries = Counter(label: WorkerMetrics.retriesLabel)
    private let lostConsumers = Counter(label: WorkerMetrics.lostConsumersLabel)
    private let held = Gauge(label: WorkerMetrics.heldLabel)
    private let heldBytes = Gauge(label: WorkerMetrics.heldBytesLabel)
    private let assigned = Gauge(label: WorkerMetrics.assignedLabel)
    private let batch = Metrics.Timer(label: WorkerMetrics.batchLabel)
    /// All that there can be, from the start: of a counter that begins with 1 Prometheus sees no increase.
    private let dead = Dictionary(
        uniqueKeysWithValues: Fault.Kind.all.map { kind in
            let labels = [("stage", kind.stage.rawValue), ("reason", kind.reason.code)]
            return (kind, Counter(label: WorkerMetrics.deadLabel, dimensions: labels))
        })

    func count(_ outcomes: [Outcome]) {
        var (storedCount, duplicateCount) = (0, 0)
        for outcome in outcomes {
            switch outcome {
            case .stored: storedCount += 1
            case .duplicate: duplicateCount += 1
            case .dead(let fault): dead[fault.kind]?.increment()
            }
        }
        stored.increment(by: storedCount)
        duplicate.increment(by: duplicateCount)
    }

    /// The slices of a batch have gone through the chain in this time.
    func took(_ duration: Duration) { batch.recordNanoseconds(duration.nanoseconds) }

    func countRetry() { retries.increment() }

    func countLostConsumer() { lostConsumers.increment() }

    func set(assigned assignedCount: Int, held heldCount: Int, heldBytes bytes: Int) {
        heldBytes.record(bytes)
        assigned.record(assignedCount)
        held.record(heldCount)
    }
}

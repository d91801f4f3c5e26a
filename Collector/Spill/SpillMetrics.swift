import Metrics

/// The telemetry of the spill: every name once, and its handles.
struct SpillMetrics: Sendable {
    /// Counter: events that went to the spill.
    static let spilledLabel = "tributary_collector_spilled_events_total"
    /// Counter: spilled events that the log has acknowledged since.
    static let drainedLabel = "tributary_collector_spill_drained_events_total"
    /// Counter: spilled events that the log refuses for good, set aside.
    static let refusedLabel = "tributary_collector_spill_refused_events_total"
    /// Gauge: events in the spill.
    static let recordsLabel = "tributary_collector_spill_records"
    /// Gauge: bytes of them.
    static let bytesLabel = "tributary_collector_spill_bytes"
    /// Gauge: bytes that it takes, by `SPILL_MAX_BYTES`.
    static let limitLabel = "tributary_collector_spill_limit_bytes"
    /// Gauge: seconds since the oldest of them was received; 0 without any.
    static let oldestLabel = "tributary_collector_spill_oldest_seconds"
    /// Gauge: 1 where a lane's new events go to the spill, by `lane`.
    static let spillingLabel = "tributary_collector_spilling"
    /// Gauge: 1 where the log failed last.
    static let logDownLabel = "tributary_collector_log_down"

    let spilled = Counter(label: spilledLabel)
    let drained = Counter(label: drainedLabel)
    let refused = Counter(label: refusedLabel)
    private let records = Gauge(label: recordsLabel)
    private let bytes = Gauge(label: bytesLabel)
    private let limit = Gauge(label: limitLabel)
    private let oldest = Gauge(label: oldestLabel)
    private let logDown = Gauge(label: logDownLabel)
}

extension SpillMetrics {
    /// A gauge for each lane.
    static func laneGauges(_ count: Int) -> [Gauge] {
        (0..<count).map { Gauge(label: spillingLabel, dimensions: [("lane", String($0))]) }
    }

    /// Notes a state.
    /// - Parameter now: milliseconds since 1970.
    func record(_ state: SpillState, lanes: [Gauge], now: Int64) {
        records.record(state.records)
        bytes.record(state.bytes)
        limit.record(state.maximumBytes)
        oldest.record(state.oldest.map { Double(max(0, now - $0)) / 1000 } ?? 0)
        logDown.record(state.isLogDown ? 1 : 0)
        for (gauge, lane) in zip(lanes, state.lanes) { gauge.record(lane.isSpilling || state.isLogDown ? 1 : 0) }
    }
}

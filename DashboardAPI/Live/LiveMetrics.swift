import Metrics

/// The live view's metrics.
enum LiveMetrics {
    /// Why somebody was let go who looked on. Bounded: it is a metric label.
    enum Reason: String, CaseIterable {
        /// Did not take what was sent.
        case slow
        /// Answered no ping.
        case silent
        /// The token expired.
        case expired
    }

    /// Gauge: those who look on.
    static let viewersLabel = "tributary_dashboard_live_viewers"
    /// Counter: those who were let go, by `reason`.
    static let droppedLabel = "tributary_dashboard_live_dropped_total"
    /// Counter: those for whom there was no room.
    static let refusedLabel = "tributary_dashboard_live_refused_total"
    /// Counter: summaries that came in.
    static let summariesLabel = "tributary_dashboard_live_summaries_total"
    /// Counter: times that the summaries could not be followed.
    static let failuresLabel = "tributary_dashboard_live_failures_total"

    /// Counts somebody who was let go.
    static func dropped(_ reason: Reason) -> Counter {
        Counter(label: droppedLabel, dimensions: [("reason", reason.rawValue)])
    }
}

import Events
import Metrics

/// The collector's own metrics.
enum CollectorMetrics {
    static let acceptedLabel = "tributary_collector_events_accepted_total"
    static let rejectedLabel = "tributary_collector_events_rejected_total"
    static let turnedAwayLabel = "tributary_collector_requests_turned_away_total"
    static let unavailableLabel = "tributary_collector_requests_unavailable_total"
}

/// Counters made once: looking one up costs more than raising it.
struct CollectorCounters: Sendable {
    private let accepted = Counter(label: CollectorMetrics.acceptedLabel)
    private let unavailable = Counter(label: CollectorMetrics.unavailableLabel)
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
}

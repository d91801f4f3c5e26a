import HTTPTypes
import Metrics
import Synchronization

/// The connections of one server: how many there are, and why some were refused.
final class ConnectionLedger: Sendable {
    /// What every refusal carries.
    let refusalHeaders: HTTPFields
    private let count = Atomic<Int>(0)
    private let maximum: Int
    private let connections = Meter(label: MetricNames.connections)
    private let refused = Dictionary(
        uniqueKeysWithValues: ConnectionRefusal.allCases.map {
            ($0, Counter(label: MetricNames.connectionsRefused, dimensions: [("reason", $0.rawValue)]))
        })

    init(maximum: Int, refusalHeaders: HTTPFields) {
        (self.maximum, self.refusalHeaders) = (maximum, refusalHeaders)
    }

    /// Enters a connection. Answers whether there is room for it; `close` is due in either case.
    func open() -> Bool {
        let count = count.add(1, ordering: .relaxed).newValue
        // Not set: a process may have two servers.
        connections.increment()
        return count <= maximum
    }

    func close() {
        count.subtract(1, ordering: .relaxed)
        connections.decrement()
    }

    func count(_ refusal: ConnectionRefusal) { refused[refusal]?.increment() }
}

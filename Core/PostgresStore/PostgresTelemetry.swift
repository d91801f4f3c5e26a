internal import Metrics
internal import Stores

/// The names of this store's metrics.
enum PostgresMetricNames {
    /// A counter of transactions, by `kind` and `outcome`: `committed`, `rolled_back` for a reason of the caller's,
    /// or an error's code.
    static let transactions = "tributary_postgresql_transactions_total"
    /// A timer of transactions, by `kind`, from the first statement to the last.
    static let duration = "tributary_postgresql_transaction_duration_seconds"
    /// A gauge of callers that wait for a connection, by `kind`.
    static let waiters = "tributary_postgresql_pool_waiters"
    /// A counter of connections opened.
    static let connections = "tributary_postgresql_connections_opened_total"
}

/// What a pool's connections are for; a metric label.
enum PostgresKind: String, Sendable {
    case read
    case write
    case lead
}

/// Counts and times what one pool does.
struct PostgresTelemetry: Sendable {
    private let factory: any MetricsFactory
    private let kind: PostgresKind
    private let duration: Timer
    private let waiters: Gauge
    private let connections: Counter

    init(_ kind: PostgresKind, _ factory: any MetricsFactory) {
        self.factory = factory
        self.kind = kind
        let labels = [("kind", kind.rawValue)]
        duration = Timer(label: PostgresMetricNames.duration, dimensions: labels, factory: factory)
        waiters = Gauge(label: PostgresMetricNames.waiters, dimensions: labels, factory: factory)
        connections = Counter(label: PostgresMetricNames.connections, dimensions: labels, factory: factory)
    }

    func connected() { connections.increment() }

    func waiting(_ count: Int) { waiters.record(count) }

    /// Notes how a transaction ended; `nil` means that it committed.
    func ended(_ error: (any Error)?, after elapsed: Duration) {
        let outcome =
            switch error {
            case nil: "committed"
            case let error as DatabaseError: error.code.rawValue
            default: "rolled_back"
            }
        let labels = [("kind", kind.rawValue), ("outcome", outcome)]
        Counter(label: PostgresMetricNames.transactions, dimensions: labels, factory: factory).increment()
        let (seconds, attoseconds) = elapsed.components
        duration.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

/// What a process does: the subcommands that are configured from the environment.
public enum Role: String, Sendable, CaseIterable {
    /// Takes events over HTTP and appends them to the log.
    case collector
    /// Stores events from the log.
    case worker
    /// Folds stored events into rollups.
    case aggregator
    /// Answers questions from the rollups.
    case dashboardAPI = "dashboard-api"
    /// All four in one process.
    case serve
    /// Creates topics, indexes and tables.
    case provision
    /// An operator's command on the stores.
    case operate
    /// Gives a dead collector's spill to the log.
    case spillDrain = "spill-drain"

    /// The stores that the role cannot do without.
    var stores: Set<StoreAddress> {
        switch self {
        case .collector, .spillDrain: [.kafka]
        case .worker: [.kafka, .mongodb]
        case .dashboardAPI: [.postgres]
        case .aggregator, .serve, .provision, .operate: [.kafka, .mongodb, .postgres]
        }
    }

    /// Whether the role opens the collector's port.
    var listensForEvents: Bool { self == .collector || self == .serve }
    /// Whether the role can work on a directory instead of servers.
    var mayBeEmbedded: Bool { self == .serve || self == .operate }
    /// Whether the role opens the dashboard's port.
    var listensForQuestions: Bool { self == .dashboardAPI || self == .serve }
}

/// A store, by the setting that says where it is.
enum StoreAddress: String, Sendable {
    case kafka = "kafka.bootstrapServers"
    case mongodb = "mongodb.uri"
    case postgres = "postgres.url"
}

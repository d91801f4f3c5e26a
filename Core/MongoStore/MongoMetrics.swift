internal import Metrics
internal import Stores

/// The names of this store's metrics, and the one way to record them.
enum MongoMetrics {
    /// Operations that ended, by `operation` and `outcome` (`ok` or an error code).
    static let operations = "tributary_mongodb_operations_total"
    /// How long operations took, queueing included, by `operation`.
    static let duration = "tributary_mongodb_operation_duration_seconds"
    /// Events that an insert stored for the first time.
    static let inserted = "tributary_mongodb_documents_inserted_total"

    /// Notes an operation that began at `start`.
    static func record(_ operation: MongoOperation, since start: ContinuousClock.Instant, outcome: String) {
        Counter(label: operations, dimensions: [("operation", operation.rawValue), ("outcome", outcome)]).increment()
        Timer(label: duration, dimensions: [("operation", operation.rawValue)]).record(duration: .now - start)
    }

    /// Notes documents that were not there before.
    static func record(inserted count: Int) { Counter(label: inserted).increment(by: count) }
}

/// What is done to the store, for metrics and messages.
enum MongoOperation: String, CaseIterable, Sendable {
    case provision
    case insert
    case lookUp = "look_up"
    case readEvent = "read_event"
    case forget
    case readProgress = "read_progress"
    case beginEpoch = "begin_epoch"
    case advance
    case recordDeadLetters = "record_dead_letters"
    case readDeadLetters = "read_dead_letters"
    case moveDeadLetters = "move_dead_letters"
    case session
    case readWindow = "read_window"
    case ping

    /// For people.
    var doing: String {
        switch self {
        case .provision: "provisioning"
        case .insert: "inserting events"
        case .lookUp: "looking up stored events"
        case .readEvent: "reading an event"
        case .forget: "forgetting a user"
        case .readProgress: "reading progress"
        case .beginEpoch: "beginning an epoch"
        case .advance: "advancing progress"
        case .recordDeadLetters: "recording dead letters"
        case .readDeadLetters: "reading dead letters"
        case .moveDeadLetters: "moving dead letters to another state"
        case .session: "a reading session"
        case .readWindow: "reading a window of events"
        case .ping: "asking whether the server is there"
        }
    }
}

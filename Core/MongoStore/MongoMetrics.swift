internal import Metrics
internal import Stores

/// The names of this store's metrics, and its handles: an operation is a few microseconds, making a handle is one.
struct MongoMetrics: Sendable {
    /// Operations that ended, by `operation` and `outcome` (`ok` or an error code).
    static let operations = "tributary_mongodb_operations_total"
    /// How long operations took, queueing included, by `operation`.
    static let duration = "tributary_mongodb_operation_duration_seconds"
    /// Events that an insert stored for the first time.
    static let inserted = "tributary_mongodb_documents_inserted_total"

    private let succeeded = Self.byOperation { Counter(label: operations, dimensions: labels($0, outcome: "ok")) }
    private let durations = Self.byOperation { Timer(label: duration, dimensions: [("operation", $0.rawValue)]) }
    private let documents = Counter(label: inserted)

    /// Counts and times what `body` does.
    func measure<Value: Sendable>(
        _ operation: MongoOperation, _ body: () async throws -> Value
    ) async throws -> Value {
        let start = ContinuousClock.now
        do {
            let value = try await body()
            record(operation, since: start)
            return value
        } catch {
            record(operation, since: start, failure: (error as? DatabaseError)?.code.rawValue ?? "other")
            throw error
        }
    }

    /// Notes an operation that began at `start`, and went well or failed with a code.
    private func record(
        _ operation: MongoOperation, since start: ContinuousClock.Instant, failure code: String? = nil
    ) {
        if let code {
            Counter(label: Self.operations, dimensions: Self.labels(operation, outcome: code)).increment()
        } else {
            succeeded[operation]?.increment()
        }
        durations[operation]?.record(duration: .now - start)
    }

    /// Notes documents that were not there before.
    func record(inserted count: Int) { documents.increment(by: count) }

    private static func labels(_ operation: MongoOperation, outcome: String) -> [(String, String)] {
        [("operation", operation.rawValue), ("outcome", outcome)]
    }

    private static func byOperation<Handle>(_ make: (MongoOperation) -> Handle) -> [MongoOperation: Handle] {
        Dictionary(uniqueKeysWithValues: MongoOperation.allCases.map { ($0, make($0)) })
    }
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

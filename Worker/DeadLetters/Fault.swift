import Events

/// Why a record cannot be processed: its own fault, not the world's.
struct Fault: Error, Equatable {
    /// The stage that gave up.
    enum Stage: String, Sendable {
        case decode
        case store
    }

    /// Bounded: a metric label and the header `dlq-reason`.
    enum Reason: Sendable, Equatable {
        case missingHeader
        case invalidHeader
        case violation(EventViolation.Code)
        case conflict
        case refusedByStore

        var code: String {
            switch self {
            case .missingHeader: "missing_header"
            case .invalidHeader: "invalid_header"
            case .violation(let code): code.rawValue
            case .conflict: "conflict"
            case .refusedByStore: "refused_by_store"
            }
        }
    }

    var stage: Stage
    var reason: Reason
    /// For people.
    var message: String
}

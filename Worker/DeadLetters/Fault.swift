import Events

/// Why a record cannot be processed: its own fault, not the world's.
struct Fault: Error, Equatable {
    /// The stage that gave up.
    enum Stage: String, Sendable {
        case decode
        case store
    }

    /// Bounded: a metric label and the header `dlq-reason`.
    enum Reason: Sendable, Hashable {
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

    /// What faults are counted by.
    struct Kind: Hashable, Sendable {
        var stage: Stage
        var reason: Reason

        /// All that there are.
        static let all: [Kind] =
            ([.missingHeader, .invalidHeader] + EventViolation.Code.allCases.map(Reason.violation)).map {
                Kind(stage: .decode, reason: $0)
            }
            + [.conflict, .refusedByStore].map { Kind(stage: .store, reason: $0) }
    }

    var kind: Kind { Kind(stage: stage, reason: reason) }
}

/// What went wrong in one of the three stores.
///
/// A code to act on, a message for people, the place that failed and the cause as the engine put it.
public protocol StoreError: Error, CustomStringConvertible {
    /// Whether the same call may succeed later: the world's fault, never the event's.
    var isTransient: Bool { get }
}

/// What went wrong in the log.
public struct EventLogError: StoreError, Equatable {
    /// Bounded, for switches and metric labels.
    public enum Code: String, Sendable, CaseIterable {
        /// Not reachable, or no leader, or not enough replicas.
        case unreachable
        /// No acknowledgement in time: it may have been appended.
        case timedOut = "timed_out"
        /// Too many records await acknowledgement.
        case queueFull = "queue_full"
        /// The record is larger than the log takes.
        case messageTooLarge = "message_too_large"
        /// No topic of that name.
        case unknownTopic = "unknown_topic"
        /// The group has moved on (rebalance, fenced member).
        case groupChanged = "group_changed"
        /// Credentials or rights are missing.
        case notAuthorized = "not_authorized"
        /// Configuration that the log's client refuses.
        case invalidConfiguration = "invalid_configuration"
        /// The consumer is of no more use: close it and make another one.
        case consumerLost = "consumer_lost"
        /// The client is closed.
        case closed
        /// Anything else; the cause tells.
        case other
    }

    /// What to act on.
    public let code: Code
    /// For people: what was being done and what came of it.
    public let message: String
    /// The engine's own words; empty where there are none.
    public let cause: String

    /// Describes a failure.
    public init(_ code: Code, _ message: String, cause: String = "") {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var isTransient: Bool {
        switch code {
        case .unreachable, .timedOut, .queueFull, .groupChanged, .unknownTopic, .notAuthorized, .consumerLost, .other:
            true
        case .messageTooLarge, .invalidConfiguration, .closed: false
        }
    }

    public var description: String {
        "event log: \(message) (\(code.rawValue)\(cause.isEmpty ? "" : ": \(cause)"))"
    }
}

/// What went wrong in the raw event store or in the rollup store.
public struct DatabaseError: StoreError, Equatable {
    /// Bounded, for switches and metric labels.
    public enum Code: String, Sendable, CaseIterable {
        /// Not reachable, or no primary.
        case unreachable
        /// No answer in time: the write may have happened.
        case timedOut = "timed_out"
        /// Written, but not acknowledged as durable.
        case notDurable = "not_durable"
        /// Somebody else changed the same data; a repetition reads it anew.
        case contended
        /// Credentials or rights are missing.
        case notAuthorized = "not_authorized"
        /// Tables, indexes or their version are not what this program needs: provision first.
        case notProvisioned = "not_provisioned"
        /// An address or option that cannot be used.
        case invalidConfiguration = "invalid_configuration"
        /// A document or value that the engine refuses for good.
        case refusedValue = "refused_value"
        /// Stored data that this program cannot read.
        case corrupt
        /// The store is closed.
        case closed
        /// Anything else; the cause tells.
        case other
    }

    /// What to act on.
    public let code: Code
    /// The store: `mongodb`, `postgresql`, `embedded`.
    public let store: String
    /// For people: what was being done and what came of it.
    public let message: String
    /// The engine's own words; empty where there are none. Never holds credentials.
    public let cause: String

    /// Describes a failure.
    public init(_ code: Code, store: String, _ message: String, cause: String = "") {
        self.code = code
        self.store = store
        self.message = message
        self.cause = cause
    }

    public var isTransient: Bool {
        switch code {
        case .unreachable, .timedOut, .notDurable, .contended, .notAuthorized, .notProvisioned, .other: true
        case .invalidConfiguration, .refusedValue, .corrupt, .closed: false
        }
    }

    public var description: String {
        "\(store): \(message) (\(code.rawValue)\(cause.isEmpty ? "" : ": \(cause)"))"
    }
}

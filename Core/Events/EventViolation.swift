/// Why an event is refused: what a client needs to mend it.
public struct EventViolation: Error, Equatable, Sendable {
    /// Bounded: it is a metric label and a dead letter's reason.
    public enum Code: String, Sendable, CaseIterable {
        case invalidJSON = "invalid_json"
        case notAnObject = "not_an_object"
        case missingField = "missing_field"
        case unknownField = "unknown_field"
        case duplicateField = "duplicate_field"
        case wrongType = "wrong_type"
        case invalidLength = "invalid_length"
        case invalidFormat = "invalid_format"
        case junkUserID = "junk_user_id"
        case inTheFuture = "in_the_future"
        case outOfRange = "out_of_range"
        case tooDeep = "too_deep"
        case tooLarge = "too_large"
        case forbiddenKey = "forbidden_key"
        case schemaViolation = "schema_violation"
        /// Older than the write key allows.
        case tooOld = "too_old"
        /// Too many events of its user just now.
        case rateLimited = "rate_limited"
        /// The write key's events of the day are used up.
        case quotaExceeded = "quota_exceeded"

        /// Whether the same event may be taken later.
        public var isTemporary: Bool { self == .rateLimited || self == .quotaExceeded }
    }

    /// What to act on.
    public let code: Code
    /// The field at fault; empty for the event as a whole.
    public let field: String
    /// For people: what is allowed.
    public let message: String

    /// Describes a violation.
    public init(_ code: Code, field: String, _ message: String) {
        self.code = code
        self.field = field
        self.message = message
    }
}

/// The limits of the event contract (`schemas/events/user-event.schema.json`).
public enum EventRules {
    /// Characters (Unicode scalars) of an `eventId`, at most.
    public static let maximumEventIDLength = 128
    /// Characters (Unicode scalars) of a `userId`, at most.
    public static let maximumUserIDLength = 200
    /// Characters of an `eventType`, at most.
    public static let maximumEventTypeLength = 64
    /// Levels of `metadata`, itself included, at most.
    public static let maximumMetadataDepth = 32
    /// Bytes of `metadata` as written, at most.
    public static let maximumMetadataSize = 32 * 1024
    /// How far ahead of the clock a timestamp may be, in milliseconds.
    public static let maximumFuture: Int64 = 24 * 3600 * 1000

    /// What programs write where a user's id is missing; compared in lower case. Such an id would make one visitor
    /// of all who share it.
    public static let junkUserIDs: Set<String> = [
        "0", "-1", "anonymous", "distinct_id", "distinctid", "email", "false", "guest", "id", "nan", "nil", "none",
        "not_authenticated", "null", "[object object]", "true", "undefined", "unknown", "user", "userid", "user_id",
        "00000000-0000-0000-0000-000000000000",
    ]

    /// Whether a text names a source: `^[a-z0-9][a-z0-9_-]{0,63}$`.
    public static func isSource(_ text: some StringProtocol) -> Bool {
        let allowed: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: false
            }
        }
        guard let first = text.utf8.first, text.utf8.count <= 64, allowed(first) else { return false }
        return text.utf8.allSatisfy { allowed($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }
}

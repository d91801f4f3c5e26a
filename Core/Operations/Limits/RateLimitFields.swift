public import HTTPTypes

/// The response fields that tell a client of a limit: `RateLimit-Policy` and `RateLimit` as the IETF's draft
/// `httpapi-ratelimit-headers` has them since its version 8, and `Retry-After`.
public struct RateLimitFields: Sendable {
    /// A limit's name in both fields.
    public enum Limit: String, Sendable { case key, address, user, global, daily, subject }

    private var policies = ""
    private var states = ""
    private var retryAfter: Int64?

    /// Tells of no limit yet.
    public init() {}

    /// Tells of a bucket.
    /// - Parameter unit: what is counted; `events` is our own word, the draft knows requests and bytes only.
    public mutating func add(
        _ limit: Limit, _ rule: BucketRule, _ bucket: TokenBucket, at now: Int64, unit: String = "events"
    ) {
        let left = bucket.tokens(at: now, by: rule)
        let wait = left > 0 ? bucket.missing(at: now) : bucket.wait(at: now, by: rule)
        add(
            limit, quota: rule.burst, window: Self.seconds(rule.fill), left: left,
            reset: left > 0 ? Self.seconds(wait) : max(1, Self.seconds(wait)), unit: unit)
    }

    /// Writes the fields into a response's; none where no limit applies.
    /// - Parameter isRefusal: whether the response tells to come back later.
    public func write(to fields: inout HTTPFields, isRefusal: Bool) {
        guard !policies.isEmpty else { return }
        fields[Self.policy] = policies
        fields[Self.state] = states
        if isRefusal, let retryAfter { fields[.retryAfter] = String(retryAfter) }
    }

    /// The fields of a refused request.
    public var ofRefusal: HTTPFields {
        var fields = HTTPFields()
        write(to: &fields, isRefusal: true)
        return fields
    }

    /// Whole seconds, rounded up.
    static func seconds(_ nanoseconds: Int64) -> Int64 { (nanoseconds + 999_999_999) / 1_000_000_000 }

    /// Tells of a limit by its numbers; windows and times are whole seconds.
    public mutating func add(
        _ limit: Limit, quota: Int64, window: Int64, left: Int, reset: Int64, unit: String
    ) {
        let separator = policies.isEmpty ? "" : ", "
        policies += "\(separator)\"\(limit.rawValue)\";q=\(quota);qu=\"\(unit)\";w=\(window)"
        states += "\(separator)\"\(limit.rawValue)\";r=\(left);t=\(reset)"
        // The longest of all that are used up.
        if left == 0 { retryAfter = max(retryAfter ?? 1, reset) }
    }

    private static let policy = HTTPField.Name("RateLimit-Policy")!
    private static let state = HTTPField.Name("RateLimit")!
}

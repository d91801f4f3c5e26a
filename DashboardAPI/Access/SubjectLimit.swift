import HTTPTypes
import Metrics
public import Operations

/// How many requests of one bearer of tokens are answered.
public struct SubjectLimit: Sendable {
    private let table: BucketTable
    private let clock: @Sendable () -> Int64
    private let limited = Counter(label: DashboardMetrics.limitedLabel)

    /// By a setting.
    /// - Parameter tableSize: how many bearers are remembered at once; memory is given here, 16 bytes each.
    public init(_ rate: RateSetting, tableSize: Int) {
        self.init(BucketRule(rate), tableSize: tableSize, clock: steadyNanoseconds)
    }

    init(_ rule: BucketRule, tableSize: Int, clock: @escaping @Sendable () -> Int64) {
        table = BucketTable("subject", capacity: tableSize, rule: rule, metrics: DashboardMetrics.limitTable)
        self.clock = clock
    }

    /// Counts a request.
    /// - Throws: a 429 that says when to come back.
    func charge(_ caller: Caller) throws(Problem) -> RateLimitFields {
        let now = clock()
        let outcome = table.take(caller.subject.hashValue, upTo: 1, at: now)
        var fields = RateLimitFields()
        fields.add(.subject, table.rule, outcome.bucket, at: now, unit: "requests")
        guard outcome.taken == 0 else { return fields }
        limited.increment()
        throw Problem(
            .tooManyRequests, code: "subject_rate_limited", detail: "too many requests by you; come back later",
            headers: fields.ofRefusal)
    }
}

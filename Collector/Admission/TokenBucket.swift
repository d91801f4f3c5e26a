import Operations

/// How fast a bucket fills and how much it holds, in nanoseconds: a token is the time in which one comes.
struct BucketRule: Sendable, Equatable {
    /// From one token to the next.
    let interval: Int64
    /// Tokens that a full bucket holds.
    let burst: Int64

    init(interval: Int64, burst: Int) { (self.interval, self.burst) = (interval, Int64(burst)) }

    init(perSecond rate: Int, burst: Int) {
        self.init(interval: max(1, 1_000_000_000 / Int64(max(1, rate))), burst: burst)
    }

    init(_ setting: RateSetting) { self.init(interval: setting.interval, burst: setting.burst) }

    /// The time in which an empty bucket fills.
    var fill: Int64 { burst * interval }
}

/// A bucket of tokens that fills evenly. Its whole state is one moment, by the caller's clock in nanoseconds: when it
/// is full if nothing more is taken. What is taken moves the moment on.
struct TokenBucket: Sendable, Equatable {
    /// When it is full; `Int64.min` for a new one.
    var fullAt: Int64 = .min

    /// Whole tokens that are there; 0 also for a bucket in debt.
    func tokens(at now: Int64, by rule: BucketRule) -> Int {
        Int(max(0, (rule.fill - missing(at: now)) / rule.interval))
    }

    /// How long until it is full, in nanoseconds.
    func missing(at now: Int64) -> Int64 { max(fullAt, now) - now }

    /// How long until a token is there, in nanoseconds.
    func wait(at now: Int64, by rule: BucketRule) -> Int64 {
        max(0, missing(at: now) + rule.interval - rule.fill)
    }

    /// Takes as many tokens as are there, at most `count`; answers how many.
    mutating func take(upTo count: Int, at now: Int64, by rule: BucketRule) -> Int {
        let taken = min(count, tokens(at: now, by: rule))
        if taken > 0 { add(taken, at: now, by: rule) }
        return taken
    }

    /// Takes all of `count` if a token is there, and so may go into debt; else nothing.
    ///
    /// A batch is not refused for being larger than what is left: it might be so each time. The debt is paid before
    /// anything else is let in, so the mean rate holds.
    mutating func takeAll(_ count: Int, at now: Int64, by rule: BucketRule) -> Bool {
        guard tokens(at: now, by: rule) > 0 else { return false }
        add(count, at: now, by: rule)
        return true
    }

    /// Undoes a taking.
    mutating func giveBack(_ count: Int, by rule: BucketRule) { fullAt -= Int64(count) * rule.interval }

    private mutating func add(_ count: Int, at now: Int64, by rule: BucketRule) {
        fullAt = max(fullAt, now) + Int64(count) * rule.interval
    }
}

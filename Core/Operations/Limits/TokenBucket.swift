import Dispatch

/// How fast a bucket fills and how much it holds, in nanoseconds: a token is the time in which one comes.
public struct BucketRule: Sendable, Equatable {
    /// From one token to the next.
    public let interval: Int64
    /// Tokens that a full bucket holds.
    public let burst: Int64

    /// - Parameter interval: nanoseconds from one token to the next.
    public init(interval: Int64, burst: Int) { (self.interval, self.burst) = (interval, Int64(burst)) }

    /// So many tokens a second.
    public init(perSecond rate: Int, burst: Int) {
        self.init(interval: max(1, 1_000_000_000 / Int64(max(1, rate))), burst: burst)
    }

    /// By a setting.
    public init(_ setting: RateSetting) { self.init(interval: setting.interval, burst: setting.burst) }

    /// The time in which an empty bucket fills.
    public var fill: Int64 { burst * interval }
}

/// A bucket of tokens that fills evenly. Its whole state is one moment, by the caller's clock in nanoseconds: when it
/// is full if nothing more is taken. What is taken moves the moment on.
public struct TokenBucket: Sendable, Equatable {
    /// When it is full; `Int64.min` for a new one.
    public var fullAt: Int64

    /// A full one, or one that will be full at a time.
    public init(fullAt: Int64 = .min) { self.fullAt = fullAt }

    /// Whole tokens that are there; 0 also for a bucket in debt.
    public func tokens(at now: Int64, by rule: BucketRule) -> Int {
        Int(max(0, (rule.fill - missing(at: now)) / rule.interval))
    }

    /// How long until it is full, in nanoseconds.
    public func missing(at now: Int64) -> Int64 { max(fullAt, now) - now }

    /// How long until a token is there, in nanoseconds.
    public func wait(at now: Int64, by rule: BucketRule) -> Int64 {
        max(0, missing(at: now) + rule.interval - rule.fill)
    }

    /// Takes as many tokens as are there, at most `count`; answers how many.
    public mutating func take(upTo count: Int, at now: Int64, by rule: BucketRule) -> Int {
        let taken = min(count, tokens(at: now, by: rule))
        if taken > 0 { add(taken, at: now, by: rule) }
        return taken
    }

    /// Takes all of `count` if a token is there, and so may go into debt; else nothing.
    ///
    /// A batch is not refused for being larger than what is left: it might be so each time. The debt is paid before
    /// anything else is let in, so the mean rate holds.
    public mutating func takeAll(_ count: Int, at now: Int64, by rule: BucketRule) -> Bool {
        guard tokens(at: now, by: rule) > 0 else { return false }
        add(count, at: now, by: rule)
        return true
    }

    /// Undoes a taking.
    public mutating func giveBack(_ count: Int, by rule: BucketRule) { fullAt -= Int64(count) * rule.interval }

    private mutating func add(_ count: Int, at now: Int64, by rule: BucketRule) {
        fullAt = max(fullAt, now) + Int64(count) * rule.interval
    }
}

/// Nanoseconds since the machine's start: a clock that is never set.
@Sendable public func steadyNanoseconds() -> Int64 { Int64(DispatchTime.now().uptimeNanoseconds) }

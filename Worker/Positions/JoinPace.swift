import Operations

/// How soon a worker joins its group again: the first time at once, then ever later, until a membership lasted.
struct JoinPace {
    /// A membership that lasted so long ends the waiting.
    private static let calm: Duration = .seconds(60)

    private var backoff = Backoff()
    private var last: ContinuousClock.Instant?

    /// How long to wait before joining; `nil` for not at all.
    mutating func next(now: ContinuousClock.Instant) -> Duration? {
        defer { last = now }
        guard let last else { return nil }
        if now - last > Self.calm { backoff.reset() }
        return backoff.next()
    }
}

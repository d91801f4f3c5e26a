/// How long to wait between repetitions of something that failed: exponential, with full jitter.
///
/// Each wait is drawn evenly from zero to a bound that doubles from `initial` up to `maximum`, so that many clients
/// that failed together do not come back together.
public struct Backoff: Sendable {
    private let initial: Duration
    private let maximum: Duration
    private var bound: Duration

    /// Starts with waits of at most `initial`, and never waits longer than `maximum`.
    public init(initial: Duration = .milliseconds(100), maximum: Duration = .seconds(10)) {
        precondition(initial > .zero && maximum >= initial, "a backoff needs 0 < initial <= maximum")
        self.initial = initial
        self.maximum = maximum
        self.bound = initial
    }

    /// The next wait.
    public mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    /// The next wait, drawn with this generator.
    mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let wait = bound * Double.random(in: 0...1, using: &generator)
        bound = bound > maximum / 2 ? maximum : bound * 2
        return wait
    }

    /// Begins anew: call it when something succeeded.
    public mutating func reset() { bound = initial }
}

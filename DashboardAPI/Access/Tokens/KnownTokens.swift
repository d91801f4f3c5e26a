import Events
import Metrics
import Synchronization

/// Tokens that were verified a short while ago: a signature costs more to check than most questions to answer.
///
/// They are known by digest. What changes by the time, their end, is the caller's to check; a token that was verified
/// with other keys is not known any more.
final class KnownTokens: Sendable {
    private struct State {
        var callers: [Digest128: Caller] = [:]
        var generation = 0
    }

    private let capacity: Int
    private let state = Mutex(State())
    private let count = Gauge(label: DashboardMetrics.knownTokensLabel)

    /// Knows so many at most.
    init(capacity: Int) { self.capacity = capacity }

    func caller(_ token: Digest128, generation: Int) -> Caller? {
        state.withLock { $0.generation == generation ? $0.callers[token] : nil }
    }

    func note(_ caller: Caller, _ token: Digest128, generation: Int) {
        let size = state.withLock { state in
            // Full, all are forgotten: whoever is still about is soon known again.
            if state.generation != generation || state.callers.count >= capacity { state.callers = [:] }
            state.generation = generation
            state.callers[token] = caller
            return state.callers.count
        }
        count.record(size)
    }
}

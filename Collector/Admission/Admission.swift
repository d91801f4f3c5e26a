import Metrics
import Synchronization

/// How much the collector has in hand: requests being answered, and bytes of bodies in memory.
final class Admission: Sendable {
    private let requests = Atomic<Int>(0)
    private let bytes = Atomic<Int>(0)
    private let maximumRequests: Int
    private let maximumBytes: Int
    private let inFlight = Meter(label: CollectorMetrics.inFlightLabel)
    private let buffered = Meter(label: CollectorMetrics.bufferedLabel)
    private let turnedAway = Counter(label: CollectorMetrics.turnedAwayLabel)

    init(limits: CollectorLimits) {
        (maximumRequests, maximumBytes) = (limits.requestsInFlight, limits.bufferedBytes)
    }

    /// A share for one request, empty yet.
    func share() -> MemoryShare { MemoryShare(admission: self) }

    /// Whether there is room for one more request to be worked on. `leave` gives it back.
    func enter() -> Bool {
        guard take(1, of: requests, upTo: maximumRequests) else { return false }
        inFlight.increment()
        return true
    }

    func leave() {
        requests.subtract(1, ordering: .relaxed)
        inFlight.decrement()
    }

    fileprivate func reserve(_ count: Int) -> Bool {
        guard take(count, of: bytes, upTo: maximumBytes) else { return false }
        buffered.increment(by: Double(count))
        return true
    }

    fileprivate func release(_ count: Int) {
        bytes.subtract(count, ordering: .relaxed)
        buffered.decrement(by: Double(count))
    }

    private func take(_ count: Int, of taken: borrowing Atomic<Int>, upTo maximum: Int) -> Bool {
        guard taken.add(count, ordering: .relaxed).newValue > maximum else { return true }
        taken.subtract(count, ordering: .relaxed)
        turnedAway.increment()
        return false
    }
}

/// What one request holds of the memory for bodies; given back when it goes.
struct MemoryShare: ~Copyable {
    private let admission: Admission
    private var size = 0

    fileprivate init(admission: Admission) { self.admission = admission }

    /// Whether there is room for so many bytes more.
    mutating func grow(by count: Int) -> Bool {
        guard admission.reserve(count) else { return false }
        size += count
        return true
    }

    deinit { admission.release(size) }
}

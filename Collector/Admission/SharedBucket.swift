import Operations
import Synchronization

/// A bucket that many tasks take from at once: its state is one number, so no lock is needed.
final class SharedBucket: Sendable {
    private let fullAt = Atomic<Int64>(TokenBucket().fullAt)

    /// As it is now.
    var bucket: TokenBucket { TokenBucket(fullAt: fullAt.load(ordering: .relaxed)) }

    /// `TokenBucket.takeAll`
    func takeAll(_ count: Int, at now: Int64, by rule: BucketRule) -> Bool {
        var before = fullAt.load(ordering: .relaxed)
        while true {
            var bucket = TokenBucket(fullAt: before)
            guard bucket.takeAll(count, at: now, by: rule) else { return false }
            let (done, found) = fullAt.weakCompareExchange(
                expected: before, desired: bucket.fullAt, ordering: .relaxed)
            if done { return true }
            before = found
        }
    }

    /// Undoes a taking.
    func giveBack(_ count: Int, by rule: BucketRule) {
        fullAt.subtract(Int64(count) * rule.interval, ordering: .relaxed)
    }
}

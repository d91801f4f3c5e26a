import Foundation
import Operations
import Synchronization
import Testing

@testable import Collector
@testable import StoreModels

/// What a bucket is: so much time's worth of tokens, which comes with the clock and goes with takings.
private struct BucketModel {
    let rule: BucketRule
    /// Nanoseconds' worth of tokens; below 0 in debt.
    private var balance: Int64
    private var last: Int64

    init(_ rule: BucketRule, at now: Int64) {
        self.rule = rule
        (balance, last) = (rule.fill, now)
    }

    mutating func tokens(at now: Int64) -> Int {
        balance = min(rule.fill, balance + now - last)
        last = now
        return Int(max(0, balance / rule.interval))
    }

    mutating func take(upTo count: Int, at now: Int64) -> Int {
        let taken = min(count, tokens(at: now))
        balance -= Int64(taken) * rule.interval
        return taken
    }

    mutating func takeAll(_ count: Int, at now: Int64) -> Bool {
        guard tokens(at: now) > 0 else { return false }
        balance -= Int64(count) * rule.interval
        return true
    }
}

private final class Counted: Sendable {
    let count = Atomic(0)
}

struct TokenBucketTests {
    @Test func agreesWithAModel() {
        var random = SeededRandom.announced()
        for _ in 0..<500 {
            let rule = BucketRule(
                interval: .random(in: 1...50, using: &random), burst: .random(in: 1...20, using: &random))
            var now = Int64.random(in: 0...1_000, using: &random)
            var (bucket, model) = (TokenBucket(), BucketModel(rule, at: now))
            for _ in 0..<100 {
                now += Int64.random(in: 0...3, using: &random) * .random(in: 0...rule.interval * 4, using: &random)
                #expect(bucket.tokens(at: now, by: rule) == model.tokens(at: now))
                let count = Int.random(in: 1...30, using: &random)
                if Bool.random(using: &random) {
                    #expect(bucket.take(upTo: count, at: now, by: rule) == model.take(upTo: count, at: now))
                } else {
                    #expect(bucket.takeAll(count, at: now, by: rule) == model.takeAll(count, at: now))
                }
            }
        }
    }

    @Test func waitsAreExact() {
        var random = SeededRandom.announced()
        for _ in 0..<2_000 {
            let rule = BucketRule(
                interval: .random(in: 1...50, using: &random), burst: .random(in: 1...20, using: &random))
            var bucket = TokenBucket()
            _ = bucket.takeAll(.random(in: 1...100, using: &random), at: 0, by: rule)
            let now = Int64.random(in: 0...500, using: &random)
            let (wait, missing) = (bucket.wait(at: now, by: rule), bucket.missing(at: now))
            #expect(bucket.tokens(at: now + wait, by: rule) > 0)
            if wait > 0 { #expect(bucket.tokens(at: now + wait - 1, by: rule) == 0) }
            #expect(bucket.tokens(at: now + missing, by: rule) == Int(rule.burst))
        }
    }

    @Test func whatIsGivenBackWasNotTaken() {
        let rule = BucketRule(interval: 10, burst: 5)
        var bucket = TokenBucket()
        let taken = [bucket.takeAll(5, at: 100, by: rule), bucket.takeAll(1, at: 109, by: rule)]
        #expect(taken == [true, false])
        bucket.giveBack(5, by: rule)
        #expect(bucket.tokens(at: 109, by: rule) == 5)
    }

    @Test func manyThreadsTakeNoMoreThanThereIs() {
        let (bucket, rule) = (SharedBucket(), BucketRule(interval: 1, burst: 400_000))
        let taken = Counted()
        let ended = DispatchGroup()
        // Threads of their own, more to take than there is, and for long enough that they really meet: a pool may run
        // them one after the other.
        for _ in 0..<4 {
            ended.enter()
            Thread {
                let count = (0..<150_000).count { _ in bucket.takeAll(1, at: 0, by: rule) }
                taken.count.add(count, ordering: .relaxed)
                ended.leave()
            }.start()
        }
        ended.wait()
        #expect(taken.count.load(ordering: .relaxed) == 400_000)
    }
}

struct DailyQuotaTests {
    @Test func aDayHasItsQuotaAndTheNextOneToo() {
        var quota = DailyQuota()
        let midnight = noon + DailyQuota.day / 2
        #expect(quota.take(upTo: 7, of: 10, at: noon) == 7)
        #expect(quota.take(upTo: 7, of: 10, at: midnight - 1) == 3)
        #expect(quota.take(upTo: 1, of: 10, at: midnight - 1) == 0)
        #expect(quota.left(of: 10, at: midnight - 1) == 0)
        #expect(quota.left(of: 10, at: midnight) == 10)
        #expect(quota.take(upTo: 11, of: 10, at: midnight) == 10)
        #expect(quota.take(upTo: 1, of: 10, at: noon) == 0, "a clock that was set back")
        #expect(DailyQuota.secondsLeft(at: midnight - 1) == 1 && DailyQuota.secondsLeft(at: midnight) == 86_400)
    }

    @Test func whatIsGivenBackCountsForItsOwnDayOnly() {
        var quota = DailyQuota()
        #expect(quota.take(upTo: 10, of: 10, at: noon) == 10)
        quota.giveBack(4, takenAt: noon)
        #expect(quota.take(upTo: 9, of: 10, at: noon) == 4)
        #expect(quota.take(upTo: 2, of: 10, at: noon + DailyQuota.day) == 2)
        quota.giveBack(10, takenAt: noon)
        #expect(quota.used == 2)
    }
}

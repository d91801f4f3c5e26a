import Testing

@testable import Collector
@testable import Operations
@testable import StoreModels

/// A table of fixed size against one of unlimited size.
struct BucketTableTests {
    /// Hashes that all fall into one set of a table of the least size, where names drive each other out most.
    private func crowded(_ name: Int) -> Int { name << 6 }

    @Test func nobodyGetsMoreThanInATableOfUnlimitedSize() {
        var random = SeededRandom.announced()
        for _ in 0..<200 {
            let rule = BucketRule(
                interval: .random(in: 1...20, using: &random), burst: .random(in: 1...5, using: &random))
            let table = BucketTable("test", capacity: 1, rule: rule, metrics: CollectorMetrics.limitTable)
            // What each name has got must fit an ideal bucket of its own.
            var ideal: [Int: TokenBucket] = [:]
            let names = Int.random(in: 1...40, using: &random)
            var now: Int64 = 1_000
            for _ in 0..<400 {
                now += .random(in: 0...rule.interval, using: &random)
                let name = Int.random(in: 1...names, using: &random)
                let wanted = Int.random(in: 1...4, using: &random)
                let given = table.take(crowded(name), upTo: wanted, at: now).taken
                let possible = ideal[name, default: TokenBucket()].take(upTo: given, at: now, by: rule)
                #expect(possible == given)
                // With a slot for each there is no difference.
                if names <= 8, given < wanted { #expect(ideal[name]?.tokens(at: now, by: rule) == 0) }
            }
        }
    }

    @Test func afloodOfNamesDoesNotResetABucket() {
        let rule = BucketRule(interval: 1_000, burst: 10)
        let table = BucketTable("test", capacity: 1, rule: rule, metrics: CollectorMetrics.limitTable)
        #expect(table.take(crowded(1), upTo: 10, at: 0).taken == 10)
        for name in 2...2_000 { _ = table.take(crowded(name), upTo: 10, at: 0) }
        #expect(table.take(crowded(1), upTo: 1, at: 0).taken == 0)
        // Those who come after a rest find room again.
        #expect(table.take(crowded(9_999), upTo: 10, at: 100_000).taken == 10)
    }

    @Test func memoryIsBounded() {
        let table = BucketTable(
            "test", capacity: 65_536, rule: BucketRule(interval: 1, burst: 1), metrics: CollectorMetrics.limitTable)
        #expect((65_536...65_536 + 512).contains(table.capacity))
        for name in 0..<200_000 { _ = table.take(name.hashValue, upTo: 1, at: 0) }
        #expect((65_536...65_536 + 512).contains(table.capacity))
    }

    @Test func manyTasksTakeNoMoreThanThereIs() async {
        let table = BucketTable(
            "test", capacity: 4_096, rule: BucketRule(interval: 1_000_000, burst: 100),
            metrics: CollectorMetrics.limitTable)
        let names = (0..<20).map { "user \($0)".hashValue }
        let taken = await withTaskGroup { tasks in
            for _ in 0..<16 {
                tasks.addTask {
                    (0..<400).reduce(0) { sum, turn in sum + table.take(names[turn % 20], upTo: 1, at: 0).taken }
                }
            }
            return await tasks.reduce(0, +)
        }
        #expect(taken == 20 * 100)
    }
}

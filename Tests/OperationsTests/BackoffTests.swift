import Testing

@testable import Operations

@Suite struct BackoffTests {
    @Test func boundDoublesUpToTheMaximumAndStartsAnew() {
        var largest = Backoff(initial: .milliseconds(100), maximum: .seconds(1))
        var highest = ConstantSource(value: .max)
        let waits = (0..<6).map { _ in largest.next(using: &highest) }
        #expect(waits.map(\.wholeMilliseconds) == [100, 200, 400, 800, 1_000, 1_000])
        largest.reset()
        #expect(largest.next(using: &highest).wholeMilliseconds == 100)
    }

    @Test func waitsAreSpreadOverTheWholeRange() {
        var random = RandomSource()
        var low = 0
        var high = 0
        for _ in 0..<1_000 {
            var backoff = Backoff(initial: .seconds(1), maximum: .seconds(1))
            let wait = backoff.next(using: &random)
            #expect(wait >= .zero && wait <= .seconds(1), "\(random)")
            if wait < .milliseconds(250) { low += 1 }
            if wait > .milliseconds(750) { high += 1 }
        }
        #expect((150...350).contains(low) && (150...350).contains(high), "\(low), \(high), \(random)")
    }

    @Test func aHugeMaximumDoesNotOverflow() {
        var backoff = Backoff(initial: .seconds(1), maximum: .seconds(Int64.max / 2))
        for _ in 0..<200 { #expect(backoff.next() >= .zero) }
    }
}

private struct ConstantSource: RandomNumberGenerator {
    let value: UInt64
    mutating func next() -> UInt64 { value }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int { Int((self / .milliseconds(1)).rounded()) }
}

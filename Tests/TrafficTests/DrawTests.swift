import Foundation
import Testing

@testable import Traffic

/// The draws follow their distributions.
struct DrawTests {
    @Test("a weighted choice is drawn by its weights")
    func weights() {
        var random = SplitMix64(seed: announcedSeed())
        let weights: [Double] = [1, 0, 5, 2.5, 0.5, 1]
        let choice = WeightedChoice(weights)
        let drawn = counts((0..<100_000).map { _ in choice.draw(&random) })
        #expect(drawn[1] == nil)
        let chiSquare = weights.indices.filter { weights[$0] > 0 }.reduce(0) { sum, index in
            let expected = weights[index] * 10_000
            return sum + pow(Double(drawn[index] ?? 0) - expected, 2) / expected
        }
        #expect(chiSquare < 30, "4 degrees of freedom: more than 30 in one of 200,000 runs")
    }

    @Test("Poisson: mean and variance are what is asked for", arguments: [0.3, 7, 63, 400])
    func poisson(_ mean: Double) {
        var random = SplitMix64(seed: announcedSeed())
        let drawn = (0..<20_000).map { _ in Double(random.poisson(mean: mean)) }
        let average = drawn.reduce(0, +) / 20_000
        let variance = drawn.reduce(0) { $0 + pow($1 - average, 2) } / 20_000
        #expect(abs(average - mean) < 6 * (mean / 20_000).squareRoot())
        #expect(abs(variance / mean - 1) < 0.15)
    }

    @Test("the unit interval and the indices are even")
    func even() {
        var random = SplitMix64(seed: announcedSeed())
        let drawn = counts((0..<70_000).map { _ in random.index(below: 7) })
        #expect(drawn.keys.sorted() == Array(0..<7) && drawn.values.allSatisfy { (9_400..<10_600).contains($0) })
        let units = (0..<10_000).map { _ in random.unit() }
        #expect(units.allSatisfy { (0..<1).contains($0) } && abs(units.reduce(0, +) / 10_000 - 0.5) < 0.02)
        let normal = (0..<10_001).map { _ in random.logNormal(median: 20, spread: 1) }.sorted()
        #expect(abs(normal[5_000] / 20 - 1) < 0.1)
    }
}

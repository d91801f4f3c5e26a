import Glibc

/// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.finalized(state)
    }

    /// A number that looks random but is the same for the same input, and another for every other.
    static func mixed(_ value: UInt64) -> UInt64 { finalized(value &+ 0x9E37_79B9_7F4A_7C15) }

    private static func finalized(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The upper 53 bits as a fraction: 0 included, 1 not.
func unitInterval(_ bits: UInt64) -> Double { Double(bits >> 11) * 0x1p-53 }

extension SplitMix64 {
    /// Evenly from 0 up to, but without, 1.
    mutating func unit() -> Double { unitInterval(next()) }

    /// True with this probability.
    mutating func chance(_ share: Double) -> Bool { unit() < share }

    /// Evenly from 0 up to, but without, `bound`; its bias is below 2⁻³² for the bounds used here.
    mutating func index(below bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Exponentially distributed.
    mutating func exponential(mean: Double) -> Double { -mean * log(1 - unit()) }

    /// Log-normally distributed: half are below the median, and `spread` is the standard deviation of the logarithm.
    mutating func logNormal(median: Double, spread: Double) -> Double {
        let normal = sqrt(-2 * log(1 - unit())) * cos(2 * .pi * unit())
        return median * exp(spread * normal)
    }

    /// How many of many rare things happen: Poisson-distributed, by the normal distribution from 64 on.
    mutating func poisson(mean: Double) -> Int {
        guard mean < 64 else {
            let normal = sqrt(-2 * log(1 - unit())) * cos(2 * .pi * unit())
            return max(0, Int((mean + sqrt(mean) * normal).rounded()))
        }
        var (count, product) = (0, unit())
        let limit = exp(-mean)
        while product > limit {
            product *= unit()
            count += 1
        }
        return count
    }
}

/// Draws from weighted choices in constant time: the alias method (Vose: "A Linear Algorithm for Generating Random
/// Numbers with a Given Distribution", 1991).
struct WeightedChoice: Sendable {
    private var keep: [Double]
    private var alias: [Int]

    /// Each index is drawn in proportion to its weight, which is not negative.
    init(_ weights: [Double]) {
        let mean = weights.reduce(0, +) / Double(weights.count)
        keep = weights.map { $0 / mean }
        alias = Array(weights.indices)
        var small = keep.indices.filter { keep[$0] < 1 }
        var large = keep.indices.filter { keep[$0] >= 1 }
        while let low = small.popLast(), let high = large.last {
            alias[low] = high
            keep[high] -= 1 - keep[low]
            if keep[high] < 1 { small.append(large.removeLast()) }
        }
    }

    /// The n-th of `count` weighs 1/n^exponent (Zipf).
    static func zipf(_ count: Int, exponent: Double) -> WeightedChoice {
        WeightedChoice((1...count).map { pow(Double($0), -exponent) })
    }

    func draw(_ random: inout SplitMix64) -> Int { choose(random.unit()) }

    /// The choice that belongs to a number from the unit interval.
    func choose(_ unit: Double) -> Int {
        let place = unit * Double(keep.count)
        let index = Int(place)
        return place - Double(index) < keep[index] ? index : alias[index]
    }
}

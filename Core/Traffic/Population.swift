import Glibc

/// Who comes: new visitors, and those who were there before, each as often as is their habit.
///
/// Habits follow a power law: a few come daily, most come once. A habit is a function of the visitor's number, so
/// that nothing needs to be kept about anybody.
struct Population: Sendable {
    /// Numbers below are bots.
    static let bots = 12
    /// The share of visits that bots make.
    private static let botShare = 0.03
    /// The least habit; the most is 1.
    private static let leastHabit = 0.02
    private static let exponent = 1.4
    /// How often to draw for somebody who comes, before taking just anybody.
    private static let tries = 200

    /// People who have come so far; the next one new has this number, after the bots.
    private(set) var known: Int
    private let limit: Int
    /// The share of people's visits that are somebody's first.
    private let newShare: Double
    private let seed: UInt64

    /// A population of `users` people of whom a part is known in the beginning.
    /// - Parameter visits: how many visits there will be; `nil` without end.
    init(users: Int, visits: Double?, seed: UInt64) {
        self.seed = SplitMix64.mixed(seed ^ 0x0070_6F70)
        guard let visits else {
            (known, limit, newShare) = (users, .max, 0.1)
            return
        }
        known = max(1, users * 2 / 5)
        limit = users
        newShare = min(1, Double(users - known) / max(1, visits * (1 - Self.botShare)))
    }

    /// The number of whoever makes the next visit.
    mutating func draw(_ random: inout SplitMix64) -> Int {
        if random.chance(Self.botShare) { return random.index(below: Self.bots) }
        if known < limit, random.chance(newShare) {
            known += 1
            return Self.bots + known - 1
        }
        for _ in 0..<Self.tries {
            let number = random.index(below: known)
            if random.unit() < habit(of: number) { return Self.bots + number }
        }
        return Self.bots + random.index(below: known)
    }

    /// How often a person comes, beside the one who comes most often: Pareto-distributed, cut off at 1.
    private func habit(of number: Int) -> Double {
        let draw = 1 - unitInterval(SplitMix64.mixed(seed &+ UInt64(number)))
        return min(1, Self.leastHabit * pow(draw, -1 / Self.exponent))
    }
}

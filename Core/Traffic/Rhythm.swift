/// How busy a site is at a time: by hour, by day of the week, with good and bad days and slow growth.
struct Rhythm: Sendable {
    /// By hour from midnight, UTC: quiet nights, a peak at noon, a higher one in the evening.
    private static let hours = [
        0.30, 0.19, 0.13, 0.10, 0.11, 0.18, 0.38, 0.70, 0.95, 1.10, 1.18, 1.25,
        1.32, 1.24, 1.15, 1.12, 1.18, 1.30, 1.48, 1.66, 1.75, 1.55, 1.05, 0.60,
    ]
    /// From Monday.
    private static let weekdays = [1.06, 1.02, 1.00, 0.98, 0.90, 0.84, 1.20]
    /// How much good days are above bad ones, at most.
    private static let noise = 0.16
    /// From the first to the last day.
    private static let growth = 0.85...1.15
    private static let day: Int64 = 86_400_000

    let from: Int64
    let to: Int64
    let seed: UInt64

    /// The business at a time: 1 is usual.
    func weight(at time: Int64) -> Double {
        let days = floorDivide(time, by: Self.day)
        let progress = Double(time - from) / Double(max(1, to - from))
        let trend = Self.growth.lowerBound + progress * (Self.growth.upperBound - Self.growth.lowerBound)
        let luck = unitInterval(SplitMix64.mixed(seed ^ UInt64(bitPattern: days.quotient))) - 0.5
        let weekday = Int((days.quotient + 3) % 7 + 7) % 7
        return hour(at: days.remainder) * Self.weekdays[weekday] * (1 + Self.noise * luck) * trend
    }

    /// The sum of the weights of all steps of the history.
    func total(step: Int64) -> Double {
        stride(from: from, to: to, by: Int64.Stride(step)).reduce(0) { sum, start in
            sum + weight(at: start) * Double(min(step, to - start))
        }
    }

    /// In straight lines from one hour's middle to the next one's.
    private func hour(at time: Int64) -> Double {
        let position = Double(time) / 3_600_000 - 0.5
        let lower = Int(position.rounded(.down))
        let share = position - Double(lower)
        return Self.hours[(lower + 24) % 24] * (1 - share) + Self.hours[(lower + 25) % 24] * share
    }
}

/// Division rounding down, with a remainder that is never negative.
func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

/// How many visits begin when, by a plan.
struct Arrivals: Sendable {
    /// Visits that go on at a time are kept near this number by a faster pace.
    private static let comfortable = 16_384.0
    /// How long before its beginning a history's first visits begin: milliseconds.
    private static let lead = 3_600_000.0
    /// How much busier the busiest time is than the average, at most.
    private static let peak = 3.0
    private static let longestSlot = 60_000.0

    /// When events happen.
    let span: Range<Int64>
    /// When the first visits begin.
    let from: Int64
    /// How many visits there are; `nil` without end.
    let visits: Double?
    /// How long visits are begun ahead at a time; milliseconds.
    let slotLength: Int64
    /// What the times within visits are multiplied with: with many visits, they are shorter.
    let pace: Double
    private let rhythm: Rhythm?
    /// Visits of a millisecond at usual business.
    private let density: Double

    init(_ plan: TrafficPlan, visitsOfSlot: Double) {
        let perMillisecond: Double
        switch plan.span {
        case .history(let start, let end, let events):
            span = start..<max(start, end)
            let rhythm = Rhythm(from: span.lowerBound, to: span.upperBound, seed: plan.seed)
            let visits = Double(events) / Visit.meanEvents
            self.rhythm = rhythm
            self.visits = visits
            density = span.isEmpty ? 0 : visits / rhythm.total(step: 60_000)
            perMillisecond = span.isEmpty ? 0 : Double(events) / Double(span.count) * Self.peak
        case .live(let start, let rate):
            (span, rhythm, visits) = (start..<Int64.max, nil, nil)
            density = rate / 1000 / Visit.meanEvents
            perMillisecond = rate / 1000
        }
        pace = min(1, Self.comfortable / max(1, perMillisecond * Visit.meanGap))
        let busiest = perMillisecond / Visit.meanEvents
        slotLength = Int64(max(1, min(Self.longestSlot, visitsOfSlot / max(busiest, 1e-9))))
        from = rhythm == nil ? span.lowerBound : span.lowerBound - Int64(Self.lead * pace)
    }

    /// When the last visits begin.
    var to: Int64 { span.upperBound }

    /// How many visits begin between two times, on average.
    func expected(from start: Int64, to end: Int64) -> Double {
        density * Double(end - start) * (rhythm?.weight(at: start + (end - start) / 2) ?? 1)
    }

    /// How long an event waits: late ones mostly for an hour and for two days at most, duplicates mostly for half a
    /// minute. Live, it is minutes at most, so that somebody who waits sees them come.
    func delay(of delivery: TrafficEvent.Delivery, _ random: inout SplitMix64) -> Int64 {
        let (median, spread, longest) =
            delivery == .late ? (3_600_000.0, 1.2, 172_800_000.0) : (30_000, 1.5, 86_400_000)
        let delay = random.logNormal(median: median, spread: spread)
        return Int64(min(rhythm == nil ? delay / 60 : delay, rhythm == nil ? 300_000 : longest))
    }
}

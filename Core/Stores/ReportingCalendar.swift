import Foundation

/// Cuts time into the periods of rollups: 15-minute intervals in UTC, days and weeks in a reporting time zone.
///
/// Looking up an offset costs a microsecond, so offsets are remembered by interval. An interval in which the offset
/// changes (Monrovia, 1972) is looked up afresh each time. A value of its own for each task: not shared.
public struct ReportingCalendar: Sendable {
    /// Milliseconds of an interval.
    public static let intervalLength: Int64 = 15 * 60 * 1000

    /// What is known of an interval.
    private struct Known: Sendable {
        static let nothing = Int32.max
        static let changing = Int32.min

        var interval: PeriodNumber = 0
        /// Seconds ahead of UTC, or one of the above.
        var offset = Self.nothing
    }

    /// Intervals remembered, at most: half a year. 128 KiB.
    private static let maximumKnown = 1 << 14

    /// The zone's IANA name.
    public let identifier: String
    let zone: TimeZone
    /// An interval has its place by its number's low bits. As long as two want the same one, it grows.
    private var known = [Known](repeating: Known(), count: 64)

    /// A calendar of an IANA time zone; `nil` for an unknown name.
    public init?(_ identifier: String) {
        guard let zone = TimeZone(identifier: identifier) else { return nil }
        self.identifier = identifier
        self.zone = zone
    }

    /// The interval that a time lies in.
    public func interval(of time: Int64) -> PeriodNumber {
        PeriodNumber(clamping: Self.floorDivide(time, Self.intervalLength))
    }

    /// The day that a time lies in, in days since 1970-01-01.
    public mutating func day(of time: Int64) -> PeriodNumber {
        let offset = Int64(offset(at: time)) * 1000
        return PeriodNumber(clamping: Self.floorDivide(time + offset, 86_400_000))
    }

    private mutating func offset(at time: Int64) -> Int {
        let interval = interval(of: time)
        let place = Int(interval) & (known.count - 1)
        let found = known[place]
        guard found.interval == interval, found.offset != Known.nothing else { return remember(interval, at: time) }
        return found.offset == Known.changing ? lookUp(time) : Int(found.offset)
    }

    private mutating func remember(_ interval: PeriodNumber, at time: Int64) -> Int {
        let start = Int64(interval) * Self.intervalLength
        let (first, last) = (lookUp(start), lookUp(start + Self.intervalLength - 1))
        var place = Int(interval) & (known.count - 1)
        if known[place].offset != Known.nothing, known.count < Self.maximumKnown {
            grow()
            place = Int(interval) & (known.count - 1)
        }
        known[place] = Known(interval: interval, offset: first == last ? Int32(first) : Known.changing)
        return first == last ? first : lookUp(time)
    }

    private mutating func grow() {
        let old = known
        known = [Known](repeating: Known(), count: old.count * 4)
        for entry in old where entry.offset != Known.nothing { known[Int(entry.interval) & (known.count - 1)] = entry }
    }

    private func lookUp(_ time: Int64) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time) / 1000))
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }
}

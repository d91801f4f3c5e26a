import Foundation

/// Cuts time into the periods of rollups: 15-minute intervals in UTC, days and weeks in a reporting time zone.
///
/// Looking up an offset costs a microsecond, so offsets are remembered by interval. An interval in which the offset
/// changes (Monrovia, 1972) is looked up afresh each time. A value of its own for each task: not shared.
public struct ReportingCalendar: Sendable {
    /// Milliseconds of an interval.
    public static let intervalLength: Int64 = 15 * 60 * 1000

    /// The zone's IANA name.
    public let identifier: String
    let zone: TimeZone
    /// Seconds ahead of UTC by interval; `nil` where it changes within.
    private var offsets: [PeriodNumber: Int?] = [:]

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
        if let known = offsets[interval] { return known ?? lookUp(time) }
        let start = Int64(interval) * Self.intervalLength
        let (first, last) = (lookUp(start), lookUp(start + Self.intervalLength - 1))
        // Bounded: a rebuild of ten years would otherwise keep 350,000 of them.
        if offsets.count >= 50_000 { offsets.removeAll(keepingCapacity: true) }
        offsets.updateValue(first == last ? first : nil, forKey: interval)
        return first == last ? first : lookUp(time)
    }

    private func lookUp(_ time: Int64) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time) / 1000))
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }
}

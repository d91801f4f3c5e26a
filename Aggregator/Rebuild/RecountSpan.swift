import Events
public import Stores

/// The days of a recount, with all periods that their events belong to. Weeks touched are whole.
public struct RecountSpan: Sendable, Equatable {
    /// The local days, in days since 1970-01-01.
    public let days: ClosedRange<PeriodNumber>
    /// The Mondays of the weeks touched.
    let weeks: ClosedRange<PeriodNumber>
    /// The days of those weeks: what is read.
    let daysRead: ClosedRange<PeriodNumber>

    /// Spans local days, both included.
    public init(days: ClosedRange<PeriodNumber>) {
        self.days = days
        weeks = CivilDate.monday(of: days.lowerBound)...CivilDate.monday(of: days.upperBound)
        daysRead = weeks.lowerBound...weeks.upperBound + 6
    }

    /// The 15-minute intervals that have a moment of the days in them, by a calendar.
    func intervals(_ calendar: ReportingCalendar) -> ClosedRange<PeriodNumber> {
        var calendar = calendar
        // No zone is further than a day from UTC: from there on each quarter of an hour is asked for its day.
        var first = (days.lowerBound - 2) * 96
        while calendar.day(of: end(of: first)) < days.lowerBound { first += 1 }
        var last = (days.upperBound + 2) * 96
        while calendar.day(of: Int64(last) * ReportingCalendar.intervalLength) > days.upperBound { last -= 1 }
        return first...max(first, last)
    }

    private func end(of interval: PeriodNumber) -> Int64 { Int64(interval + 1) * ReportingCalendar.intervalLength - 1 }

    /// The periods of a granularity.
    func periods(_ granularity: Granularity, _ calendar: ReportingCalendar) -> ClosedRange<PeriodNumber> {
        switch granularity {
        case .interval: intervals(calendar)
        case .day: days
        case .week: weeks
        }
    }
}

import Events
import Foundation
import Operations
import Stores

/// What an analyst asks of `/api/analytics/visitors`.
struct VisitorsQuery: Sendable, Equatable {
    /// The length of a series' periods.
    enum Interval: String, Sendable, CaseIterable {
        case hour
        case day
        case week
        case month
    }

    /// What a range is compared with.
    enum Comparison: String, Sendable, CaseIterable {
        /// As many days, right before.
        case previousPeriod = "previous_period"
        /// The same dates a year earlier; 29 February becomes the 28th.
        case previousYear = "previous_year"
    }

    /// The days asked for.
    enum Days: Sendable, Equatable {
        case date(CivilDate)
        case range(from: CivilDate, to: CivilDate, Interval)
    }

    /// Days of a range, at most: ten years.
    static let maximumDays = 3660
    /// The same where 15-minute buckets answer: by hour, or in another time zone.
    static let maximumBucketDays = 92
    static let parameters: Set<String> = ["date", "from", "to", "interval", "source", "timezone", "compare", "format"]

    var days: Days
    /// `nil`: all sources.
    var source: String?
    /// The IANA name of the zone whose days are meant.
    var timeZone: String
    var comparison: Comparison?

    /// Reads a query.
    /// - Parameter timeZone: the one that rollups are cut in.
    /// - Throws: `Problem` naming the parameter and what is allowed.
    init(_ parameters: QueryParameters, timeZone: String) throws {
        days = try Self.days(parameters)
        source = try parameters.source()
        self.timeZone = try Self.timeZone(parameters) ?? timeZone
        comparison = try parameters.choice("compare", Comparison.self)
        if comparison != nil, case .date = days {
            throw QueryParameters.problem("compare", "needs from and to")
        }
        if needsBuckets(timeZone), span.count > Self.maximumBucketDays {
            throw QueryParameters.problem(
                "to", "must not be more than \(Self.maximumBucketDays) days after from, by hour or in another time zone"
            )
        }
    }

    /// Whether the 15-minute buckets answer, and not the rollups of days.
    func needsBuckets(_ timeZone: String) -> Bool {
        if self.timeZone != timeZone { return true }
        if case .range(_, _, .hour) = days { return true }
        return false
    }

    /// The days asked for, as numbers.
    var span: ClosedRange<PeriodNumber> {
        switch days {
        case .date(let day): day.dayNumber...day.dayNumber
        case .range(let first, let last, _): first.dayNumber...last.dayNumber
        }
    }

    /// The question that this one is compared with.
    var compared: VisitorsQuery? {
        guard let comparison, case .range(let first, let last, let interval) = days else { return nil }
        var other = self
        other.comparison = nil
        switch comparison {
        case .previousPeriod:
            let length = last.dayNumber - first.dayNumber + 1
            other.days = .range(
                from: CivilDate(dayNumber: first.dayNumber - length), to: CivilDate(dayNumber: first.dayNumber - 1),
                interval)
        case .previousYear: other.days = .range(from: first.aYearEarlier, to: last.aYearEarlier, interval)
        }
        return other
    }

    private static func days(_ parameters: QueryParameters) throws -> Days {
        if let date = try parameters.date("date") {
            for name in ["from", "to", "interval"] where parameters[name] != nil {
                throw QueryParameters.problem(name, "cannot be given together with date")
            }
            return .date(date)
        }
        guard parameters["from"] != nil || parameters["to"] != nil else {
            throw QueryParameters.problem("date", "is required, or from and to")
        }
        guard let from = try parameters.date("from") else { throw QueryParameters.problem("from", "is required") }
        guard let to = try parameters.date("to") else { throw QueryParameters.problem("to", "is required") }
        guard from <= to else { throw QueryParameters.problem("to", "must not be before from") }
        guard Int(to.dayNumber) - Int(from.dayNumber) < maximumDays else {
            throw QueryParameters.problem("to", "must not be more than \(maximumDays) days after from")
        }
        return .range(from: from, to: to, try parameters.choice("interval", Interval.self) ?? .day)
    }

    private static func timeZone(_ parameters: QueryParameters) throws -> String? {
        guard let name = parameters["timezone"] else { return nil }
        guard name == "UTC" || TimeZone.knownTimeZoneIdentifiers.contains(name) else {
            throw QueryParameters.problem("timezone", "must be the IANA name of a time zone, such as Europe/Berlin")
        }
        return name
    }
}

extension CivilDate {
    fileprivate var aYearEarlier: CivilDate {
        CivilDate(year: year - 1, month: month, day: min(day, CivilDate.daysIn(month: month, year: year - 1)))
    }

    /// The first day of the month.
    var startOfMonth: CivilDate { CivilDate(year: year, month: month, day: 1) }
}

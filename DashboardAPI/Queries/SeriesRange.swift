import Events
import Foundation
import Operations
import Stores

/// The days that a series is about, and the length of its periods.
struct SeriesRange: Sendable, Equatable {
    /// The length of a series' periods.
    enum Interval: String, Sendable, CaseIterable {
        case hour
        case day
        case week
        case month
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
    static let parameters: Set<String> = ["date", "from", "to", "interval", "timezone"]

    var days: Days
    /// The IANA name of the zone whose days are meant.
    var timeZone: String
    /// Whether the 15-minute buckets answer, and not the rollups of days.
    var needsBuckets: Bool

    /// Reads a range.
    /// - Parameter timeZone: the one that rollups are cut in.
    init(_ parameters: QueryParameters, timeZone: String) throws {
        let (first, last) = try parameters.days(atMost: Self.maximumDays)
        let interval = try parameters.choice("interval", Interval.self)
        if parameters["date"] != nil {
            guard interval == nil else {
                throw QueryParameters.problem("interval", "cannot be given together with date")
            }
            days = .date(first)
        } else {
            days = .range(from: first, to: last, interval ?? .day)
        }
        self.timeZone = try parameters.timeZone() ?? timeZone
        needsBuckets = self.timeZone != timeZone || interval == .hour
        if needsBuckets, span.count > Self.maximumBucketDays {
            throw QueryParameters.problem(
                "to", "must not be more than \(Self.maximumBucketDays) days after from, by hour or in another time zone"
            )
        }
    }

    /// The days asked for, as numbers.
    var span: ClosedRange<PeriodNumber> {
        switch days {
        case .date(let day): day.dayNumber...day.dayNumber
        case .range(let first, let last, _): first.dayNumber...last.dayNumber
        }
    }

    /// What answers repeat of it.
    var understood: [Understood] {
        switch days {
        case .date(let day): [Understood("date", day.description), Understood("timezone", timeZone)]
        case .range(let first, let last, let interval):
            [
                Understood("from", first.description), Understood("to", last.description),
                Understood("interval", interval.rawValue), Understood("timezone", timeZone),
            ]
        }
    }
}

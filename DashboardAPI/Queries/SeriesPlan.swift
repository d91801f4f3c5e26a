import Events
import Foundation
import Stores

/// A period of some length, whose rows and sets are read.
struct Period: Hashable, Sendable {
    var granularity: Granularity
    var number: PeriodNumber

    /// The fewest periods that are these days and no others: whole weeks, and days around them.
    static func cover(_ days: ClosedRange<PeriodNumber>) -> [Period] {
        var (periods, day) = ([Period](), days.lowerBound)
        while day <= days.upperBound {
            if CivilDate.monday(of: day) == day, day + 6 <= days.upperBound {
                periods.append(Period(granularity: .week, number: day))
                day += 7
            } else {
                periods.append(Period(granularity: .day, number: day))
                day += 1
            }
        }
        return periods
    }
}

/// Which rollups make which points of a series.
struct SeriesPlan: Sendable {
    /// A point: what it is called, and the periods that it unites.
    struct Point: Sendable, Equatable {
        var start: String
        var periods: [Period]
        /// The days that it is, in the rollups' own time zone.
        var days: ClosedRange<PeriodNumber>?
    }

    var points: [Point]
    /// The days asked for: weeks and months of the series are whole, the total is not.
    var total: Point

    /// Plans an answer.
    /// - Throws: `Problem` where the buckets do not fit the days of the zone asked for.
    init(_ range: SeriesRange) throws {
        self = range.needsBuckets ? try BucketPlan(range).plan : Self.ofDays(range)
    }

    private init(points: [Point], total: Point) { (self.points, self.total) = (points, total) }

    private static func ofDays(_ range: SeriesRange) -> SeriesPlan {
        func point(_ start: PeriodNumber, _ days: ClosedRange<PeriodNumber>) -> Point {
            Point(start: CivilDate(dayNumber: start).description, periods: Period.cover(days), days: days)
        }
        return SeriesPlan(
            points: grouped(range.days).map(point), total: point(range.span.lowerBound, range.span))
    }

    /// The points of a series by day or longer, each with its days.
    private static func grouped(
        _ days: SeriesRange.Days
    ) -> [(start: PeriodNumber, days: ClosedRange<PeriodNumber>)] {
        guard case .range(let first, let last, let interval) = days else { return [] }
        switch interval {
        case .hour: return []
        case .day: return (first.dayNumber...last.dayNumber).map { ($0, $0...$0) }
        case .week:
            let (start, end) = (CivilDate.monday(of: first.dayNumber), CivilDate.monday(of: last.dayNumber))
            return stride(from: start, through: end, by: 7).map { ($0, $0...$0 + 6) }
        case .month:
            var groups: [(PeriodNumber, ClosedRange<PeriodNumber>)] = []
            var month = first.startOfMonth
            while month <= last {
                let end = month.dayNumber + PeriodNumber(CivilDate.daysIn(month: month.month, year: month.year)) - 1
                groups.append((month.dayNumber, month.dayNumber...end))
                month = CivilDate(dayNumber: end + 1)
            }
            return groups
        }
    }

    /// A plan over 15-minute buckets: any zone whose days and hours begin with one.
    private struct BucketPlan {
        private static let length = ReportingCalendar.intervalLength
        let plan: SeriesPlan

        init(_ range: SeriesRange) throws {
            guard let zone = TimeZone(identifier: range.timeZone), var calendar = ReportingCalendar(range.timeZone)
            else {
                throw QueryParameters.problem("timezone", "is not known here")
            }
            let groups = SeriesPlan.grouped(range.days)
            let first = min(range.span.lowerBound, groups.first?.days.lowerBound ?? .max)
            let last = max(range.span.upperBound, groups.last?.days.upperBound ?? .min)
            var (byDay, byHour) = ([PeriodNumber: [Period]](), [Point]())
            // No zone is further than a day from UTC.
            for bucket in (first - 1) * 96..<(last + 2) * 96 {
                let time = Int64(bucket) * Self.length
                let day = calendar.day(of: time)
                guard first...last ~= day || first...last ~= calendar.day(of: time + Self.length - 1) else { continue }
                let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time) / 1000))
                guard offset % 900 == 0, calendar.day(of: time + Self.length - 1) == day else {
                    throw QueryParameters.problem(
                        "timezone",
                        "has days here that do not begin with a quarter of an hour; they cannot be answered exactly",
                        code: "not_exact")
                }
                let period = Period(granularity: .interval, number: bucket)
                byDay[day, default: []].append(period)
                guard range.span ~= day else { continue }
                let name = Self.hour(time, offset)
                if byHour.last?.start == name {
                    byHour[byHour.count - 1].periods.append(period)
                } else {
                    byHour.append(Point(start: name, periods: [period]))
                }
            }
            let isByHour = if case .range(_, _, .hour) = range.days { true } else { false }
            let points = groups.map { group in
                Point(
                    start: CivilDate(dayNumber: group.start).description,
                    periods: group.days.flatMap { byDay[$0] ?? [] })
            }
            plan = SeriesPlan(
                points: isByHour ? byHour : points,
                total: Point(
                    start: CivilDate(dayNumber: range.span.lowerBound).description,
                    periods: range.span.flatMap { byDay[$0] ?? [] }))
        }

        /// The local hour that a time lies in, with its offset: in autumn there are two of one name.
        private static func hour(_ time: Int64, _ offset: Int) -> String {
            let local = Int(time / 1000) + offset
            let (day, hour) = (Int(floor(Double(local) / 86_400)), ((local % 86_400) + 86_400) % 86_400 / 3600)
            func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
            let sign = offset < 0 ? "-" : "+"
            let zone = "\(sign)\(padded(abs(offset) / 3600)):\(padded(abs(offset) / 60 % 60))"
            return "\(CivilDate(dayNumber: Int32(day)))T\(padded(hour)):00:00\(zone)"
        }
    }
}

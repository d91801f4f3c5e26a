import Events
import Foundation
import Stores

/// Which rollups make which points of a series.
struct SeriesPlan: Sendable {
    /// A point: what it is called, and the periods whose sets it unites.
    struct Point: Sendable, Equatable {
        var start: String
        var periods: [PeriodNumber]
    }

    /// The rollups that answer.
    var granularity: Granularity
    var points: [Point]
    /// The periods of the days asked for: weeks and months of the series are whole, the total is not.
    var total: [PeriodNumber]

    /// All periods, of the series and of the total.
    var bounds: ClosedRange<PeriodNumber>? {
        let all = points.flatMap(\.periods) + total
        guard let first = all.min(), let last = all.max() else { return nil }
        return first...last
    }

    /// Plans an answer.
    /// - Parameter timeZone: the one that rollups are cut in.
    /// - Throws: `Problem` where the buckets do not fit the days of the zone asked for.
    init(_ query: VisitorsQuery, timeZone: String) throws {
        if query.needsBuckets(timeZone) {
            self = try BucketPlan(query).plan
        } else {
            self = Self.ofDays(query)
        }
    }

    private init(granularity: Granularity, points: [Point], total: [PeriodNumber]) {
        (self.granularity, self.points, self.total) = (granularity, points, total)
    }

    private static func ofDays(_ query: VisitorsQuery) -> SeriesPlan {
        let (days, groups) = (Array(query.span), grouped(query.days))
        let points = groups.map { Point(start: CivilDate(dayNumber: $0.start).description, periods: Array($0.days)) }
        return SeriesPlan(granularity: .day, points: points, total: days)
    }

    /// The points of a series by day or longer, each with its days.
    private static func grouped(
        _ days: VisitorsQuery.Days
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

        init(_ query: VisitorsQuery) throws {
            guard let zone = TimeZone(identifier: query.timeZone), var calendar = ReportingCalendar(query.timeZone)
            else {
                throw QueryParameters.problem("timezone", "is not known here")
            }
            let groups = SeriesPlan.grouped(query.days)
            let first = min(query.span.lowerBound, groups.first?.days.lowerBound ?? .max)
            let last = max(query.span.upperBound, groups.last?.days.upperBound ?? .min)
            var (byDay, byHour) = ([PeriodNumber: [PeriodNumber]](), [Point]())
            // No zone is further than a day from UTC.
            for bucket in (first - 1) * 96..<(last + 2) * 96 {
                let time = Int64(bucket) * Self.length
                let day = calendar.day(of: time)
                guard first...last ~= day || first...last ~= calendar.day(of: time + Self.length - 1) else { continue }
                let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time) / 1000))
                guard offset % 900 == 0, calendar.day(of: time + Self.length - 1) == day else {
                    throw QueryParameters.problem(
                        "timezone", "has days here that do not begin with a quarter of an hour; they cannot be answered"
                    )
                }
                byDay[day, default: []].append(bucket)
                guard query.span ~= day else { continue }
                let name = Self.hour(time, offset)
                if byHour.last?.start == name {
                    byHour[byHour.count - 1].periods.append(bucket)
                } else {
                    byHour.append(Point(start: name, periods: [bucket]))
                }
            }
            let isByHour = if case .range(_, _, .hour) = query.days { true } else { false }
            let points = groups.map { group in
                Point(
                    start: CivilDate(dayNumber: group.start).description,
                    periods: group.days.flatMap { byDay[$0] ?? [] })
            }
            plan = SeriesPlan(
                granularity: .interval, points: isByHour ? byHour : points,
                total: query.span.flatMap { byDay[$0] ?? [] })
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

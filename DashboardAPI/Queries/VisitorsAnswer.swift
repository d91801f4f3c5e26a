import Events
import Stores

/// The answer of `/api/analytics/visitors`.
struct VisitorsAnswer: Answer, Equatable {
    /// What is known of a period.
    struct Numbers: Sendable, Equatable {
        var visitors: Int64 = 0
        /// `nil` where they are not known: under several predicates.
        var events: Int64?
        /// Those of the visitors whose first day of all lies in the period; `nil` where that is not known: under a
        /// filter, by hour and in another time zone.
        var new: Int64?
        /// The other visitors.
        var returning: Int64? { new.map { visitors - $0 } }

        func write(to json: inout JSONObject) {
            json.member("visitors", visitors)
            json.member("events", events)
            json.member("new", new)
            json.member("returning", returning)
        }
    }

    struct Point: Sendable, Equatable {
        /// The period's first day; an hour's local time with its offset.
        var start: String
        var numbers: Numbers

        var visitors: Int64 { numbers.visitors }
        var events: Int64? { numbers.events }
    }

    /// The numbers of a range and of its periods.
    struct Series: Sendable, Equatable {
        var total: Numbers
        var points: [Point]

        func write(to json: inout JSONObject, withPoints: Bool) {
            total.write(to: &json)
            guard withPoints else { return }
            json.member("series", points) { json, point in
                json.member("start", point.start)
                point.numbers.write(to: &json)
            }
        }
    }

    /// The range that this one is compared with.
    struct Comparison: Sendable, Equatable {
        var from: String
        var to: String
        var numbers: Series
    }

    /// Why an answer has no events, for whoever reads it.
    static let noEvents =
        "not known under several predicates: rollups keep who met each of them, not which events met all"

    /// The day, where one day was asked for.
    var date: String?
    var numbers: Series
    var hasEvents: Bool
    var comparison: Comparison?

    var visitors: Int64 { numbers.total.visitors }
    var events: Int64? { numbers.total.events }
    var series: [Point]? { date == nil ? numbers.points : nil }

    /// Answers from one commit of the store.
    static func answer(_ query: VisitorsQuery, from reader: any RollupReader) async throws -> VisitorsAnswer {
        let date: String? = if case .date(let day) = query.range.days { day.description } else { nil }
        var answer = VisitorsAnswer(
            date: date, numbers: try await series(query, reader),
            hasEvents: query.filter.map { $0.only != nil } ?? true)
        if let other = query.compared, case .range(let first, let last, _) = other.range.days {
            answer.comparison = Comparison(
                from: first.description, to: last.description, numbers: try await series(other, reader))
        }
        return answer
    }

    private static func series(_ query: VisitorsQuery, _ reader: any RollupReader) async throws -> Series {
        let plan = try SeriesPlan(query.range)
        if let filter = query.filter {
            try await filter.requireExactness(over: plan, source: query.source, reader)
            if filter.only == nil {
                return try await VisitorDays.series(filter, plan, source: query.source, reader)
            }
        }
        let selection = query.filter?.only.map { Selection(dimension: $0.dimension, values: $0.values) } ?? .all
        let counts = try await PeriodCounts(selection, plan, source: query.source, reader)
        let numbers = try await counts.numbers(of: plan.points + [plan.total], reader)
        let new =
            try await query.filter == nil && !query.range.needsBuckets
            ? FirstDays(plan, source: query.source, reader) : nil
        let points = zip(plan.points, numbers).map { point, counts in
            Point(start: point.start, numbers: Numbers(counts, new?.count(in: point.days)))
        }
        return Series(total: Numbers(numbers[plan.points.count], new?.count(in: plan.total.days)), points: points)
    }

    func write(to json: inout JSONObject) {
        if !hasEvents { json.member("eventsNote", Self.noEvents) }
        numbers.write(to: &json, withPoints: date == nil)
        guard let comparison else { return }
        json.member("comparison") { json in
            json.member("from", comparison.from)
            json.member("to", comparison.to)
            comparison.numbers.write(to: &json, withPoints: true)
        }
    }

    var csv: String {
        let points = series ?? [Point(start: date ?? "", numbers: numbers.total)]
        return CSV.text(
            ["start", "visitors", "events", "new", "returning"],
            points.map { point in
                let numbers = point.numbers
                let known = [numbers.visitors, numbers.events, numbers.new, numbers.returning]
                return [point.start] + known.map(CSV.number)
            })
    }
}

extension VisitorsAnswer.Numbers {
    init(_ counts: RollupCounts, _ new: Int64?) {
        (visitors, events, self.new) = (counts.visitors, counts.events, new)
    }
}

/// How many visitors came for the first time, by day. Who has their first day in a period has an event in it: so new
/// visitors of a period are those of its days, and no set is needed.
private struct FirstDays {
    private var visitors: [PeriodNumber: Int64] = [:]

    init(_ plan: SeriesPlan, source: String?, _ reader: any RollupReader) async throws {
        let days = (plan.points + [plan.total]).compactMap(\.days)
        guard let first = days.map(\.lowerBound).min(), let last = days.map(\.upperBound).max() else { return }
        for new in try await reader.newVisitors(days: first...last, sources: source.map { [$0] }) {
            visitors[new.day, default: 0] += new.visitors
        }
    }

    func count(in days: ClosedRange<PeriodNumber>?) -> Int64? {
        days.map { $0.reduce(0) { $0 + (visitors[$1] ?? 0) } }
    }
}

import Bitmaps
import Events
import Foundation
import Stores

/// The answer of `/api/analytics/visitors`: exact numbers, and how fresh they are.
struct VisitorsAnswer: Encodable, Sendable {
    struct Point: Encodable, Sendable, Equatable {
        /// The period's first day; an hour's local time with its offset.
        var start: String
        var visitors: Int64
        var events: Int64
    }

    /// The numbers of the range that this one is compared with.
    struct Comparison: Encodable, Sendable {
        var from: String
        var to: String
        var visitors: Int64
        var events: Int64
        var series: [Point]
    }

    var date: String?
    var from: String?
    var to: String?
    var interval: String?
    var timezone: String
    var source: String?
    var visitors: Int64 = 0
    var events: Int64 = 0
    var exact = true
    var completeThrough: String?
    var revision: Int64
    var series: [Point]?
    var compare: String?
    var comparison: Comparison?

    private enum CodingKeys: String, CodingKey {
        case date, from, to, interval, timezone, source, visitors, events, exact, completeThrough, revision, series
        case compare, comparison
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encodeIfPresent(date, forKey: .date)
        try members.encodeIfPresent(from, forKey: .from)
        try members.encodeIfPresent(to, forKey: .to)
        try members.encodeIfPresent(interval, forKey: .interval)
        try members.encode(timezone, forKey: .timezone)
        // `null` says: all sources.
        try members.encode(source, forKey: .source)
        try members.encode(visitors, forKey: .visitors)
        try members.encode(events, forKey: .events)
        try members.encode(exact, forKey: .exact)
        try members.encode(completeThrough, forKey: .completeThrough)
        try members.encode(revision, forKey: .revision)
        try members.encodeIfPresent(series, forKey: .series)
        try members.encodeIfPresent(compare, forKey: .compare)
        try members.encodeIfPresent(comparison, forKey: .comparison)
    }

    private init(_ query: VisitorsQuery, _ state: RollupState) {
        source = query.source
        timezone = query.timeZone
        completeThrough = state.completeThrough.map(Timestamp.format)
        revision = state.revision
        compare = query.comparison?.rawValue
        switch query.days {
        case .date(let day): date = day.description
        case .range(let first, let last, let length):
            (from, to, interval) = (first.description, last.description, length.rawValue)
        }
    }

    /// Answers from one commit of the store.
    static func answer(_ query: VisitorsQuery, from reader: any RollupReader) async throws -> VisitorsAnswer {
        let state = try await reader.state()
        var answer = VisitorsAnswer(query, state)
        let numbers = try await numbers(query, state.timeZone, reader)
        (answer.visitors, answer.events) = (numbers.total.visitors, numbers.total.events)
        if case .range = query.days { answer.series = numbers.series }
        if let other = query.compared, case .range(let first, let last, _) = other.days {
            let numbers = try await Self.numbers(other, state.timeZone, reader)
            answer.comparison = Comparison(
                from: first.description, to: last.description, visitors: numbers.total.visitors,
                events: numbers.total.events, series: numbers.series)
        }
        return answer
    }

    private static func numbers(
        _ query: VisitorsQuery, _ timeZone: String, _ reader: any RollupReader
    ) async throws -> (total: RollupCounts, series: [Point]) {
        let plan = try SeriesPlan(query, timeZone: timeZone)
        guard let bounds = plan.bounds else { return (RollupCounts(events: 0, visitors: 0), []) }
        let rows = try await reader.counts(
            plan.granularity, periods: bounds, sources: query.source.map { [$0] }, dimension: allDimension, value: "")
        let sets = try await PeriodSets(rows, plan, reader)
        let series = try plan.points.map { point in
            let numbers = try sets.numbers(of: point.periods)
            return Point(start: point.start, visitors: numbers.visitors, events: numbers.events)
        }
        return (try sets.numbers(of: plan.total), series)
    }
}

/// Rows and, where several periods are to be united, the sets behind them.
private struct PeriodSets {
    private var rows: [PeriodNumber: [(key: RollupKey, counts: RollupCounts)]] = [:]
    private let sets: [RollupKey: VisitorSet]

    init(
        _ rows: [(key: RollupKey, counts: RollupCounts)], _ plan: SeriesPlan, _ reader: any RollupReader
    ) async throws {
        for row in rows { self.rows[row.key.period, default: []].append(row) }
        let united = Set((plan.points.map(\.periods) + [plan.total]).filter { $0.count > 1 }.flatMap { $0 })
        let keys = rows.map(\.key).filter { united.contains($0.period) }
        sets = try await reader.sets(keys).mapValues { set in
            VisitorSet.union(of: try (Array(set.chunks.values) + set.deltas).map { try VisitorSet(serialized: $0) })
        }
    }

    /// Events are summed. Visitors: by source the union of the periods' sets, summed over sources.
    func numbers(of periods: [PeriodNumber]) throws -> RollupCounts {
        let met = periods.flatMap { rows[$0] ?? [] }
        let events = met.reduce(0) { $0 + $1.counts.events }
        if periods.count == 1 {
            return RollupCounts(events: events, visitors: met.reduce(0) { $0 + $1.counts.visitors })
        }
        let visitors = Dictionary(grouping: met.map(\.key), by: \.source).values.reduce(0) { sum, keys in
            sum + VisitorSet.union(of: keys.compactMap { sets[$0] }).count
        }
        return RollupCounts(events: events, visitors: Int64(visitors))
    }
}

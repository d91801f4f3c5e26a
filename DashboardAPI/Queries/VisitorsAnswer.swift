import Bitmaps
import Events
import Foundation
import Stores

/// The answer of `/api/analytics/visitors`: exact numbers, and how fresh they are.
struct VisitorsAnswer: Encodable, Sendable {
    struct Point: Encodable, Sendable, Equatable {
        /// The period's first day.
        var start: String
        var visitors: Int64
        var events: Int64
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

    private enum CodingKeys: String, CodingKey {
        case date, from, to, interval, timezone, source, visitors, events, exact, completeThrough, revision, series
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
    }

    init(_ query: VisitorsQuery, _ state: RollupState) {
        source = query.source
        timezone = state.timeZone
        completeThrough = state.completeThrough.map(Timestamp.format)
        revision = state.revision
        switch query.days {
        case .date(let day): date = day.description
        case .range(let first, let last, let length):
            (from, to, interval) = (first.description, last.description, length.rawValue)
        }
    }

    /// Answers from one commit of the store.
    static func answer(_ query: VisitorsQuery, from reader: any RollupReader) async throws -> VisitorsAnswer {
        var answer = VisitorsAnswer(query, try await reader.state())
        switch query.days {
        case .date(let day):
            let rows = try await reader.counts(.day, day.dayNumber...day.dayNumber, of: query.source)
            answer.visitors = rows.reduce(0) { $0 + $1.counts.visitors }
            answer.events = rows.reduce(0) { $0 + $1.counts.events }
        case .range(let first, let last, let interval):
            let days = try await reader.counts(.day, first.dayNumber...last.dayNumber, of: query.source)
            answer.events = days.reduce(0) { $0 + $1.counts.events }
            answer.visitors = try await union(of: days.map(\.key), reader)
            answer.series = try await series(first, last, interval, query.source, days, reader)
        }
        return answer
    }

    /// Distinct visitors over several days: by source the union of the days' sets, summed over sources.
    private static func union(of days: [RollupKey], _ reader: any RollupReader) async throws -> Int64 {
        let sets = try await reader.sets(days)
        return try Dictionary(grouping: sets.keys, by: \.source).values.reduce(0) { sum, keys in
            let parts = keys.flatMap { key in (sets[key].map { Array($0.chunks.values) + $0.deltas }) ?? [] }
            return sum + Int64(VisitorSet.union(of: try parts.map { try VisitorSet(serialized: $0) }).count)
        }
    }

    private static func series(
        _ first: CivilDate, _ last: CivilDate, _ interval: VisitorsQuery.Interval, _ source: String?,
        _ days: [(key: RollupKey, counts: RollupCounts)], _ reader: any RollupReader
    ) async throws -> [Point] {
        let starts: [PeriodNumber]
        let rows: [(key: RollupKey, counts: RollupCounts)]
        switch interval {
        case .day:
            starts = Array(first.dayNumber...last.dayNumber)
            rows = days
        case .week:
            // Weeks touched are whole: the first may begin before `from`.
            let mondays = CivilDate.monday(of: first.dayNumber)...CivilDate.monday(of: last.dayNumber)
            starts = Array(stride(from: mondays.lowerBound, through: mondays.upperBound, by: 7))
            rows = try await reader.counts(.week, mondays, of: source)
        }
        let sums = rows.reduce(into: [PeriodNumber: RollupCounts]()) { sums, row in
            sums[row.key.period, default: RollupCounts(events: 0, visitors: 0)].events += row.counts.events
            sums[row.key.period]?.visitors += row.counts.visitors
        }
        return starts.map { start in
            let sum = sums[start] ?? RollupCounts(events: 0, visitors: 0)
            return Point(
                start: CivilDate(dayNumber: start).description, visitors: sum.visitors, events: sum.events)
        }
    }
}

extension RollupReader {
    /// The rows of the dimension that every event belongs to.
    fileprivate func counts(
        _ granularity: Granularity, _ periods: ClosedRange<PeriodNumber>, of source: String?
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        try await counts(
            granularity, periods: periods, sources: source.map { [$0] }, dimension: allDimension, value: "")
    }
}

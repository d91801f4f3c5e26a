import Events
import Stores

/// The answer of `/api/analytics/events`.
struct EventsAnswer: Answer {
    /// A total, and the number of each period.
    struct Series: Sendable, Equatable {
        var total: Int64
        var points: [Int64]
    }

    /// What each period is called.
    var starts: [String]
    var hasSeries: Bool
    /// Of all types, or of the only one asked for.
    var all: Series
    /// The most frequent types first; ties go by name.
    var types: [(type: String, events: Series)]
    /// Those of all other types; `nil` where one type was asked for.
    var others: Series?

    /// Answers from one commit of the store.
    static func answer(_ query: EventsQuery, from reader: any RollupReader) async throws -> EventsAnswer {
        let plan = try SeriesPlan(query.range)
        let hasSeries = if case .range = query.range.days { true } else { false }
        func series(_ dimension: String, _ value: String) async throws -> Series {
            let counts = try await PeriodCounts(
                Selection(dimension: dimension, values: [value]), plan, source: query.source, reader)
            return Series(total: counts.events(of: plan.total), points: plan.points.map(counts.events))
        }
        let starts = plan.points.map(\.start)
        if let type = query.type {
            try await requireExactValues(
                [type], of: eventTypeDimension, days: days(query.range), source: query.source, in: "type", reader)
            let only = try await series(eventTypeDimension, type)
            return EventsAnswer(starts: starts, hasSeries: hasSeries, all: only, types: [(type, only)])
        }
        guard plan.points.count * (query.limit + 2) <= EventsQuery.maximumNumbers else {
            throw QueryParameters.problem(
                "limit", "is too high for so many periods: at most \(EventsQuery.maximumNumbers) numbers are given")
        }
        let all = try await series(allDimension, "")
        let candidates = try await candidates(query, reader)
        var known: [String: Series] = [:]
        let first = try await topCandidates(query.limit, of: candidates, atOnce: query.limit) { types in
            for type in types { known[type] = try await series(eventTypeDimension, type) }
            return types.map { known[$0]?.total ?? 0 }
        }
        let types = first.filter { $0.number > 0 }.map { (type: $0.candidate, events: known[$0.candidate]!) }
        return EventsAnswer(
            starts: starts, hasSeries: hasSeries, all: all, types: types, others: all.without(types.map(\.events)))
    }

    /// The days that may have a part in a range, which is meant in any zone.
    private static func days(_ range: SeriesRange) -> ClosedRange<PeriodNumber> {
        range.needsBuckets ? range.span.lowerBound - 1...range.span.upperBound + 1 : range.span
    }

    /// All types by name, each with what its events are at most: those of the weeks that are touched.
    private static func candidates(
        _ query: EventsQuery, _ reader: any RollupReader
    ) async throws -> [(candidate: String, bound: Int64)] {
        let days = days(query.range)
        let rows = try await reader.rows(
            .week, periods: CivilDate.monday(of: days.lowerBound)...CivilDate.monday(of: days.upperBound),
            sources: query.source.map { [$0] }, dimension: eventTypeDimension)
        let bounds = rows.reduce(into: [String: Int64]()) { $0[$1.key.value, default: 0] += $1.counts.events }
        return bounds.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    func write(to json: inout JSONObject) {
        json.member("events", all.total)
        if hasSeries { write(all, to: &json) }
        guard let others else { return }
        json.member("types", types) { json, type in
            json.member("type", type.type)
            json.member("events", type.events.total)
            if hasSeries { write(type.events, to: &json) }
        }
        json.member("others") { json in
            json.member("events", others.total)
            if hasSeries { write(others, to: &json) }
        }
    }

    private func write(_ series: Series, to json: inout JSONObject) {
        json.member("series", Array(zip(starts, series.points))) { json, point in
            json.member("start", point.0)
            json.member("events", point.1)
        }
    }

    /// A line for each period and type; the other types' are those of no name.
    var csv: String {
        let named = types.map { ($0.type, $0.events) } + (others.map { [("", $0)] } ?? [])
        return CSV.text(
            ["start", "type", "events"],
            hasSeries
                ? starts.indices.flatMap { index in
                    named.map { [starts[index], $0.0, String($0.1.points[index])] }
                }
                : named.map { [starts.first ?? "", $0.0, String($0.1.total)] })
    }
}

extension EventsAnswer.Series {
    fileprivate func without(_ others: [Self]) -> Self {
        others.reduce(into: self) { rest, other in
            rest.total -= other.total
            for index in rest.points.indices { rest.points[index] -= other.points[index] }
        }
    }
}

extension PeriodCounts {
    /// The events of a point.
    fileprivate func events(of point: SeriesPlan.Point) -> Int64 {
        point.periods.reduce(0) { $0 + rows(of: $1).reduce(0) { $0 + $1.counts.events } }
    }
}

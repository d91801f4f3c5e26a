import Bitmaps
import Events
import Stores

/// The answer of `/api/analytics/breakdown`.
struct BreakdownAnswer: Answer, Equatable {
    struct Row: Sendable, Equatable {
        var value: String
        var visitors: Int64
        /// `nil` under a filter.
        var events: Int64?
    }

    /// Why an answer has no events, for whoever reads it.
    static let noEvents = "not known under a filter: rollups keep who had each value, not which events had both"

    var dimension: String
    /// Values in all.
    var values: Int
    /// Whether some values came too late for a row of their own, and are counted under `(other)`.
    var capped: Bool
    var hasEvents: Bool
    var rows: [Row]

    /// Answers from one commit of the store.
    static func answer(_ query: BreakdownQuery, from reader: any RollupReader) async throws -> BreakdownAnswer {
        guard let filter = query.filter else {
            let values = try await DimensionValues(query, reader)
            return BreakdownAnswer(
                dimension: query.dimension, values: values.all.count, capped: values.isCapped, hasEvents: true,
                rows: try await values.page(query, reader))
        }
        let rows = try await filtered(query, filter, reader)
        let start = min(rows.count, (query.page - 1) * query.limit)
        return BreakdownAnswer(
            dimension: query.dimension, values: rows.count, capped: rows.contains { $0.value == otherValue },
            hasEvents: false, rows: Array(rows[start..<min(rows.count, start + query.limit)]))
    }

    /// The values that visitors of the filter had on a day on which they met it.
    private static func filtered(
        _ query: BreakdownQuery, _ filter: VisitorFilter, _ reader: any RollupReader
    ) async throws -> [Row] {
        for predicate in filter.predicates {
            try await requireExactValues(
                predicate.values, of: predicate.dimension, days: query.span, source: query.source, in: "filter", reader)
        }
        let met = try await VisitorDays(filter, query.span, source: query.source, reader)
        let keys = try await reader.rows(
            .day, periods: query.span, sources: query.source.map { [$0] }, dimension: query.dimension
        ).map(\.key)
        let byDay = Dictionary(grouping: keys) { DayOfSource(day: $0.period, source: $0.source) }
        var unions: [ExactText: UnionBySource] = [:]
        try await met.forEach(reader) { day, source, visitors in
            let keys = byDay[DayOfSource(day: day, source: source)] ?? []
            for start in stride(from: 0, to: keys.count, by: SetReading.batch) {
                let part = Array(keys[start..<min(keys.count, start + SetReading.batch)])
                for (key, var set) in try await SetReading.sets(part, reader) {
                    set.formIntersection(visitors)
                    if !set.isEmpty { unions[ExactText(key.value), default: UnionBySource()].add(set, of: source) }
                }
            }
        }
        let rows = unions.map { Row(value: $0.key.text, visitors: $0.value.count) }
        return rows.sorted { left, right in
            if query.order == .visitors, left.visitors != right.visitors { return left.visitors > right.visitors }
            return left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
        }
    }

    func write(to json: inout JSONObject) {
        json.member("values", Int64(values))
        json.member("capped", capped)
        if !hasEvents { json.member("eventsNote", Self.noEvents) }
        json.member("rows", rows) { json, row in
            json.member("value", row.value)
            json.member("visitors", row.visitors)
            json.member("events", row.events)
        }
    }

    var csv: String {
        CSV.text(
            [dimension, "visitors", "events"],
            rows.map { [$0.value, String($0.visitors), CSV.number($0.events)] })
    }
}

/// The values of a dimension over days, with their rows: of whole weeks where there are some.
private struct DimensionValues {
    /// A value's rows, by source.
    struct Value: Sendable {
        var text: String
        var events: Int64 = 0
        var rows: [String: [(key: RollupKey, visitors: Int64)]] = [:]

        /// What its visitors are at most; exactly, where there is one row for each source.
        var bound: Int64 { rows.values.joined().reduce(0) { $0 + $1.visitors } }
    }

    /// Ordered by their bytes.
    let all: [Value]
    let isCapped: Bool

    init(_ query: BreakdownQuery, _ reader: any RollupReader) async throws {
        var found: [ExactText: Value] = [:]
        for (granularity, periods) in Self.stretches(Period.cover(query.span)) {
            let rows = try await reader.rows(
                granularity, periods: periods, sources: query.source.map { [$0] }, dimension: query.dimension)
            for (key, counts) in rows {
                let text = ExactText(key.value)
                found[text, default: Value(text: key.value)].events += counts.events
                found[text]?.rows[key.source, default: []].append((key, counts.visitors))
            }
        }
        isCapped = found[ExactText(otherValue)] != nil
        all = found.values.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
    }

    /// Periods of one length that follow each other, as ranges.
    private static func stretches(_ cover: [Period]) -> [(Granularity, ClosedRange<PeriodNumber>)] {
        cover.reduce(into: []) { stretches, period in
            if let last = stretches.last, last.0 == period.granularity {
                stretches[stretches.count - 1].1 = last.1.lowerBound...period.number
            } else {
                stretches.append((period.granularity, period.number...period.number))
            }
        }
    }

    /// The rows of the page asked for: only theirs, and those that might be, are united.
    func page(_ query: BreakdownQuery, _ reader: any RollupReader) async throws -> [BreakdownAnswer.Row] {
        let end = min(all.count, query.page * query.limit)
        let start = min(end, (query.page - 1) * query.limit)
        if query.order == .visitors {
            let first = try await topCandidates(
                end, of: all.map { ($0, $0.bound) }, exact: { try await Self.visitors($0, reader) })
            return first[start..<end].map { Self.row($0.candidate, $0.number) }
        }
        let ordered =
            query.order == .value
            ? all
            : all.sorted { left, right in
                left.events == right.events
                    ? left.text.utf8.lexicographicallyPrecedes(right.text.utf8) : left.events > right.events
            }
        let page = Array(ordered[start..<end])
        return zip(page, try await Self.visitors(page, reader)).map(Self.row)
    }

    private static func row(_ value: Value, _ visitors: Int64) -> BreakdownAnswer.Row {
        BreakdownAnswer.Row(value: value.text, visitors: visitors, events: value.events)
    }

    /// Of one row what it says; of several the union of their sets, by source.
    private static func visitors(_ values: [Value], _ reader: any RollupReader) async throws -> [Int64] {
        var visitors = [Int64](repeating: 0, count: values.count)
        var unions: [(value: Int, keys: [RollupKey])] = []
        for (index, value) in values.enumerated() {
            for rows in value.rows.values {
                if rows.count == 1 {
                    visitors[index] += rows[0].visitors
                } else {
                    unions.append((index, rows.map(\.key)))
                }
            }
        }
        let sizes = try await SetReading.unionCounts(of: unions.map(\.keys), reader)
        for (union, size) in zip(unions, sizes) { visitors[union.value] += size }
        return visitors
    }
}

import Events
import Stores

/// Which rows are counted: those of a dimension with one of several values.
struct Selection: Sendable, Equatable {
    var dimension: String
    var values: [String]

    /// Every event.
    static let all = Selection(dimension: allDimension, values: [""])
}

/// Events and visitors of periods, by rows and, where several are united, by the sets behind them.
struct PeriodCounts {
    private var rows: [Period: [(key: RollupKey, counts: RollupCounts)]] = [:]

    /// Reads the rows of all periods of a plan.
    init(_ selection: Selection, _ plan: SeriesPlan, source: String?, _ reader: any RollupReader) async throws {
        let periods = plan.points.flatMap(\.periods) + plan.total.periods
        for (granularity, periods) in Dictionary(grouping: periods, by: \.granularity) {
            guard let first = periods.map(\.number).min(), let last = periods.map(\.number).max() else { continue }
            for value in selection.values {
                let found = try await reader.counts(
                    granularity, periods: first...last, sources: source.map { [$0] },
                    dimension: selection.dimension, value: value)
                for row in found {
                    rows[Period(granularity: granularity, number: row.key.period), default: []].append(row)
                }
            }
        }
    }

    /// The rows of a period.
    func rows(of period: Period) -> [(key: RollupKey, counts: RollupCounts)] { rows[period] ?? [] }

    /// The numbers of each point: events are summed, since each has one value of a dimension; visitors are united by
    /// source, and summed over sources.
    func numbers(of points: [SeriesPlan.Point], _ reader: any RollupReader) async throws -> [RollupCounts] {
        var numbers: [RollupCounts] = []
        var unions: [(point: Int, keys: [RollupKey])] = []
        for (index, point) in points.enumerated() {
            var counts = RollupCounts(events: 0, visitors: 0)
            var bySource: [String: [(key: RollupKey, counts: RollupCounts)]] = [:]
            for row in point.periods.lazy.compactMap({ rows[$0] }).joined() {
                counts.events += row.counts.events
                bySource[row.key.source, default: []].append(row)
            }
            for rows in bySource.values {
                if rows.count == 1 {
                    counts.visitors += rows[0].counts.visitors
                } else {
                    unions.append((index, rows.map(\.key)))
                }
            }
            numbers.append(counts)
        }
        let sizes = try await SetReading.unionCounts(of: unions.map(\.keys), reader)
        for (union, size) in zip(unions, sizes) { numbers[union.point].visitors += size }
        return numbers
    }
}

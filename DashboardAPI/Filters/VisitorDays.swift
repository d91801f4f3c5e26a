import Bitmaps
import Events
import Stores

/// The visitors who met all predicates of a filter, day by day.
struct VisitorDays {
    /// By day and source: the sets of each predicate, of which one is enough. Days on which a predicate was met by
    /// nobody are absent.
    private let keys: [(day: PeriodNumber, source: String, predicates: [[RollupKey]])]

    /// Finds the sets that are needed.
    init(
        _ filter: VisitorFilter, _ days: ClosedRange<PeriodNumber>, source: String?, _ reader: any RollupReader
    ) async throws {
        var found: [DayOfSource: [[RollupKey]]] = [:]
        for (index, predicate) in filter.predicates.enumerated() {
            for value in predicate.values {
                let rows = try await reader.counts(
                    .day, periods: days, sources: source.map { [$0] }, dimension: predicate.dimension, value: value)
                for row in rows {
                    let place = DayOfSource(day: row.key.period, source: row.key.source)
                    found[place, default: Array(repeating: [], count: filter.predicates.count)][index].append(row.key)
                }
            }
        }
        keys = found.filter { $0.value.allSatisfy { !$0.isEmpty } }
            .map { ($0.key.day, $0.key.source, $0.value) }
            .sorted { ($0.day, $0.source) < ($1.day, $1.source) }
    }

    /// Hands over the visitors of each day and source, in order.
    func forEach(
        _ reader: any RollupReader, _ body: (PeriodNumber, String, VisitorSet) async throws -> Void
    ) async throws {
        var rest = keys[...]
        while !rest.isEmpty {
            var (part, size) = ([(day: PeriodNumber, source: String, predicates: [[RollupKey]])](), 0)
            while let next = rest.first, part.isEmpty || size + next.predicates.joined().count <= SetReading.batch {
                part.append(next)
                size += next.predicates.joined().count
                rest.removeFirst()
            }
            let sets = try await SetReading.sets(part.flatMap { $0.predicates.flatMap { $0 } }, reader)
            for (day, source, predicates) in part {
                let visitors = Self.meeting(predicates, sets)
                if !visitors.isEmpty { try await body(day, source, visitors) }
            }
        }
    }

    private static func meeting(_ predicates: [[RollupKey]], _ sets: [RollupKey: VisitorSet]) -> VisitorSet {
        let each = predicates.map { keys in
            keys.count == 1 ? sets[keys[0]] ?? VisitorSet() : VisitorSet.union(of: keys.compactMap { sets[$0] })
        }
        return each.dropFirst().reduce(into: each[0]) { $0.formIntersection($1) }
    }
}

/// A day of a source.
struct DayOfSource: Hashable {
    var day: PeriodNumber
    var source: String
}

extension VisitorDays {
    /// A series of days, or of weeks and months as unions of their days.
    static func series(
        _ filter: VisitorFilter, _ plan: SeriesPlan, source: String?, _ reader: any RollupReader
    ) async throws -> VisitorsAnswer.Series {
        let span = plan.total.days ?? 0...0
        let points = plan.points.map { $0.days ?? 0...0 }
        let days = (points.first?.lowerBound ?? span.lowerBound)...(points.last?.upperBound ?? span.upperBound)
        let met = try await VisitorDays(
            filter, min(days.lowerBound, span.lowerBound)...max(days.upperBound, span.upperBound), source: source,
            reader)
        // Days come in order, and so do points: only one point is under way.
        var (total, current) = (UnionBySource(), UnionBySource())
        var (counts, place) = ([Int64](repeating: 0, count: points.count), 0)
        try await met.forEach(reader) { day, source, visitors in
            if span ~= day { total.add(visitors, of: source) }
            while place < points.count, points[place].upperBound < day {
                counts[place] = current.count
                (current, place) = (UnionBySource(), place + 1)
            }
            if place < points.count, points[place] ~= day { current.add(visitors, of: source) }
        }
        if place < points.count { counts[place] = current.count }
        return VisitorsAnswer.Series(
            total: .init(visitors: total.count),
            points: zip(plan.points, counts).map { .init(start: $0.start, numbers: .init(visitors: $1)) })
    }
}

/// Visitors by source; a visitor is a (source, userId).
struct UnionBySource {
    private var sets: [String: VisitorSet] = [:]

    mutating func add(_ visitors: VisitorSet, of source: String) {
        sets[source, default: VisitorSet()].formUnion(visitors)
    }

    var count: Int64 { sets.values.reduce(0) { $0 + Int64($1.count) } }
}

import Events
import Stores

extension VisitorFilter {
    /// Throws where a value may have been counted under `(other)`: who had it is not known then.
    func requireExactness(
        over plan: SeriesPlan, source: String?, _ reader: any RollupReader
    ) async throws {
        let days = (plan.points + [plan.total]).compactMap(\.days)
        guard let first = days.map(\.lowerBound).min(), let last = days.map(\.upperBound).max() else { return }
        for predicate in predicates {
            try await requireExactValues(
                predicate.values, of: predicate.dimension, days: first...last, source: source, in: "filter", reader)
        }
    }
}

/// Throws where one of the values may have been counted under `(other)` in a week that these days touch: a week of a
/// dimension that has `(other)` rows, in which the value is not on record.
func requireExactValues(
    _ values: [String], of dimension: String, days: ClosedRange<PeriodNumber>, source: String?, in parameter: String,
    _ reader: any RollupReader
) async throws {
    let weeks = CivilDate.monday(of: days.lowerBound)...CivilDate.monday(of: days.upperBound)
    let capped = try await reader.counts(
        .week, periods: weeks, sources: source.map { [$0] }, dimension: dimension, value: otherValue)
    let asked = values.filter { ExactText($0) != ExactText(otherValue) }
    guard !capped.isEmpty, !asked.isEmpty else { return }
    let questions = Dictionary(
        uniqueKeysWithValues: capped.map {
            (DimensionWeek(source: $0.key.source, dimension: dimension, week: $0.key.period), asked)
        })
    let recorded = try await reader.recordedValues(questions)
    for (week, values) in questions.sorted(by: { $0.key < $1.key }) {
        guard values.contains(where: { recorded[week]?.contains(ExactText($0)) != true }) else { continue }
        throw QueryParameters.problem(
            parameter,
            "cannot be answered exactly: in the week of \(CivilDate(dayNumber: week.week)) source \(week.source) had "
                + "more values of \(dimension) than are told apart, and a value asked for is not among those that are",
            code: "not_exact")
    }
}

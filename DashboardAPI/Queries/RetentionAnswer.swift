import Bitmaps
import Events
import Stores

/// The answer of `/api/analytics/retention`.
struct RetentionAnswer: Answer, Equatable {
    /// The visitors who came for the first time in one week.
    struct Cohort: Sendable, Equatable {
        /// The week's Monday.
        var start: PeriodNumber
        /// How many of them came in that week, which is all of them, and in each later one.
        var active: [Int64]

        var visitors: Int64 { active.first ?? 0 }
    }

    var cohorts: [Cohort]

    /// Answers from one commit of the store.
    ///
    /// A visitor's first week is the first in whose set the visitor is: a week's cohort is its set without all earlier
    /// ones. Only sets are read, no visitor is looked up.
    static func answer(_ query: RetentionQuery, from reader: any RollupReader) async throws -> RetentionAnswer {
        let weeks = Array(stride(from: query.weeks.lowerBound, through: query.weeks.upperBound, by: 7))
        var cohorts = weeks.enumerated().map { index, week in
            Cohort(start: week, active: [Int64](repeating: 0, count: weeks.count - index))
        }
        let rows = try await reader.counts(
            .week, periods: earliest...query.weeks.upperBound, sources: query.source.map { [$0] },
            dimension: allDimension, value: "")
        for keys in Dictionary(grouping: rows.map(\.key), by: \.source).values {
            try await count(keys, weeks, into: &cohorts, reader)
        }
        return RetentionAnswer(cohorts: cohorts)
    }

    /// The Monday before the first day that a time can lie in: the year 0.
    private static let earliest = CivilDate.monday(of: CivilDate(year: 0, month: 1, day: 1).dayNumber) - 7

    /// Counts the cohorts of one source.
    private static func count(
        _ keys: [RollupKey], _ weeks: [PeriodNumber], into cohorts: inout [Cohort], _ reader: any RollupReader
    ) async throws {
        let first = weeks.first ?? 0
        var seen = try await SetReading.union(of: keys.filter { $0.period < first }, reader)
        let sets = try await SetReading.sets(keys.filter { $0.period >= first }, reader)
        let byWeek = Dictionary(uniqueKeysWithValues: sets.map { ($0.key.period, $0.value) })
        for (index, week) in weeks.enumerated() {
            guard let visitors = byWeek[week] else { continue }
            let cohort = visitors.subtracting(seen)
            seen.formUnion(visitors)
            guard !cohort.isEmpty else { continue }
            for (later, week) in weeks[index...].enumerated() {
                if let set = byWeek[week] { cohorts[index].active[later] += Int64(cohort.intersectionCount(set)) }
            }
        }
    }

    func write(to json: inout JSONObject) {
        json.member("cohorts", cohorts) { json, cohort in
            json.member("start", CivilDate(dayNumber: cohort.start).description)
            json.member("visitors", cohort.visitors)
            json.member("active", numbers: cohort.active)
        }
    }

    var csv: String {
        CSV.text(
            ["cohort", "week", "visitors"],
            cohorts.flatMap { cohort in
                cohort.active.enumerated().map { later, visitors in
                    [
                        CivilDate(dayNumber: cohort.start).description,
                        CivilDate(dayNumber: cohort.start + 7 * PeriodNumber(later)).description, String(visitors),
                    ]
                }
            })
    }
}

import Events
import Operations
import Stores

/// What an analyst asks of `/api/analytics/visitors`.
struct VisitorsQuery: Question, Equatable {
    /// What a range is compared with.
    enum Comparison: String, Sendable, CaseIterable {
        /// As many days, right before.
        case previousPeriod = "previous_period"
        /// The same dates a year earlier; 29 February becomes the 28th.
        case previousYear = "previous_year"
    }

    static let parameters = SeriesRange.parameters.union(["source", "filter", "compare", "format"])

    var range: SeriesRange
    /// `nil`: all sources.
    var source: String?
    var filter: VisitorFilter?
    var comparison: Comparison?

    init(_ parameters: QueryParameters, timeZone: String) throws {
        range = try SeriesRange(parameters, timeZone: timeZone)
        source = try parameters.source()
        filter = try parameters["filter"].map { try VisitorFilter($0) }
        comparison = try parameters.choice("compare", Comparison.self)
        if comparison != nil, case .date = range.days {
            throw QueryParameters.problem("compare", "needs from and to")
        }
        if let filter { try check(filter, timeZone) }
    }

    private func check(_ filter: VisitorFilter, _ timeZone: String) throws {
        guard !range.needsBuckets else {
            throw VisitorFilter.problem(
                "is met by day of \(timeZone): by hour or in another time zone it cannot be answered exactly",
                code: "not_exact")
        }
        guard filter.only != nil || range.span.count <= VisitorFilter.maximumDays else {
            throw QueryParameters.problem(
                "to",
                "must not be more than \(VisitorFilter.maximumDays) days after from, under a filter of several predicates"
            )
        }
    }

    var understood: [Understood] {
        var understood = range.understood + [Understood("source", source)]
        if let filter {
            understood += [Understood("filter", filter.text), Understood(saying: "filterScope", VisitorFilter.scope)]
        }
        if let comparison { understood.append(Understood("compare", comparison.rawValue)) }
        return understood
    }

    /// The question that this one is compared with.
    var compared: VisitorsQuery? {
        guard let comparison, case .range(let first, let last, let interval) = range.days else { return nil }
        var other = self
        other.comparison = nil
        switch comparison {
        case .previousPeriod:
            let length = last.dayNumber - first.dayNumber + 1
            other.range.days = .range(
                from: CivilDate(dayNumber: first.dayNumber - length), to: CivilDate(dayNumber: first.dayNumber - 1),
                interval)
        case .previousYear: other.range.days = .range(from: first.aYearEarlier, to: last.aYearEarlier, interval)
        }
        return other
    }

    func answer(from reader: any RollupReader) async throws -> VisitorsAnswer {
        try await VisitorsAnswer.answer(self, from: reader)
    }
}

extension CivilDate {
    fileprivate var aYearEarlier: CivilDate {
        CivilDate(year: year - 1, month: month, day: min(day, CivilDate.daysIn(month: month, year: year - 1)))
    }

    /// The first day of the month.
    var startOfMonth: CivilDate { CivilDate(year: year, month: month, day: 1) }
}

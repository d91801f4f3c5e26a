import Events
import Stores

/// What an analyst asks of `/api/analytics/retention`: of those who came first in a week, how many came in later ones.
struct RetentionQuery: Question, Equatable {
    /// Weeks, at most: a year.
    static let maximumWeeks = 53
    static let parameters: Set<String> = ["from", "to", "source", "timezone", "format"]

    /// The Mondays of the first and the last week.
    var weeks: ClosedRange<PeriodNumber>
    var timeZone: String
    var source: String?

    init(_ parameters: QueryParameters, timeZone: String) throws {
        guard parameters["from"] != nil else { throw QueryParameters.problem("from", "is required") }
        let (first, last) = try parameters.days(atMost: SeriesRange.maximumDays)
        weeks = CivilDate.monday(of: first.dayNumber)...CivilDate.monday(of: last.dayNumber)
        guard weeks.count / 7 < Self.maximumWeeks else {
            throw QueryParameters.problem("to", "must not be more than \(Self.maximumWeeks) weeks after from")
        }
        source = try parameters.source()
        try parameters.requireTimeZone(timeZone)
        self.timeZone = timeZone
    }

    /// Weeks touched are whole, and the answer says so.
    var understood: [Understood] {
        [
            Understood("from", CivilDate(dayNumber: weeks.lowerBound).description),
            Understood("to", CivilDate(dayNumber: weeks.upperBound + 6).description),
            Understood(saying: "interval", "week"), Understood("timezone", timeZone), Understood("source", source),
        ]
    }

    func answer(from reader: any RollupReader) async throws -> RetentionAnswer {
        try await RetentionAnswer.answer(self, from: reader)
    }
}

import Events
import Operations
import Stores

/// What an analyst asks of `/api/analytics/events`: how many events of each type, period by period.
struct EventsQuery: Question, Equatable {
    static let parameters = SeriesRange.parameters.union(["source", "type", "limit", "format"])
    /// Numbers of an answer, at most.
    static let maximumNumbers = 50_000

    var range: SeriesRange
    var source: String?
    /// The only type asked for; `nil`: the most frequent ones.
    var type: String?
    /// How many types have a series of their own.
    var limit: Int

    init(_ parameters: QueryParameters, timeZone: String) throws {
        range = try SeriesRange(parameters, timeZone: timeZone)
        source = try parameters.source()
        type = parameters["type"]
        if let type, type.wholeMatch(of: /[a-z][a-z0-9_.:-]{0,63}/) == nil, type != otherValue {
            throw QueryParameters.problem("type", "must be ^[a-z][a-z0-9_.:-]{0,63}$, or \(otherValue)")
        }
        limit = try parameters.number("limit", default: 10, in: 1...50)
        if type != nil, parameters["limit"] != nil {
            throw QueryParameters.problem("limit", "cannot be given together with type")
        }
    }

    var understood: [Understood] {
        range.understood
            + [
                Understood("source", source),
                type.map { Understood("type", $0) } ?? Understood("limit", limit),
            ]
    }

    func answer(from reader: any RollupReader) async throws -> EventsAnswer {
        try await EventsAnswer.answer(self, from: reader)
    }
}

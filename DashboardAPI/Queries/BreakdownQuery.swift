import Events
import Operations
import Stores

/// What an analyst asks of `/api/analytics/breakdown`: the values of a dimension over days.
struct BreakdownQuery: Question, Equatable {
    /// What rows are ordered by; ties go by value.
    enum Order: String, Sendable, CaseIterable {
        case visitors
        case events
        case value
    }

    /// Days of a range, at most: a year.
    static let maximumDays = 366
    /// The same under a filter, where every value's visitors are met with it day by day.
    static let maximumFilteredDays = 92
    static let parameters: Set<String> = [
        "dimension", "date", "from", "to", "source", "timezone", "filter", "order", "limit", "page", "format",
    ]

    var dimension: String
    var days: ClosedRange<CivilDate>
    var timeZone: String
    var source: String?
    var filter: VisitorFilter?
    var order: Order
    var limit: Int
    var page: Int

    init(_ parameters: QueryParameters, timeZone: String) throws {
        guard let name = parameters["dimension"] else {
            throw QueryParameters.problem("dimension", "is required")
        }
        dimension = try QueryParameters.dimension(name, in: "dimension")
        filter = try parameters["filter"].map { try VisitorFilter($0) }
        let (first, last) = try parameters.days(
            atMost: filter == nil ? Self.maximumDays : Self.maximumFilteredDays)
        days = first...last
        source = try parameters.source()
        // Buckets, which know other zones, hold no dimensions.
        try parameters.requireTimeZone(timeZone)
        self.timeZone = timeZone
        order = try parameters.choice("order", Order.self) ?? .visitors
        if filter != nil, order == .events {
            throw QueryParameters.problem(
                "order", "cannot be events under a filter: they are not known", code: "not_exact")
        }
        limit = try parameters.number("limit", default: 100, in: 1...1000)
        page = try parameters.number("page", default: 1, in: 1...100_000)
    }

    /// The days as numbers.
    var span: ClosedRange<PeriodNumber> { days.lowerBound.dayNumber...days.upperBound.dayNumber }

    var understood: [Understood] {
        var understood = [
            Understood("dimension", dimension), Understood("from", days.lowerBound.description),
            Understood("to", days.upperBound.description), Understood("timezone", timeZone),
            Understood("source", source),
        ]
        if let filter {
            understood += [Understood("filter", filter.text), Understood(saying: "filterScope", VisitorFilter.scope)]
        }
        return understood + [
            Understood("order", order.rawValue), Understood("page", page), Understood("limit", limit),
        ]
    }

    func answer(from reader: any RollupReader) async throws -> BreakdownAnswer {
        try await BreakdownAnswer.answer(self, from: reader)
    }
}

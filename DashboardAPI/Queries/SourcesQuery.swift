import Stores

/// Which sources there are.
struct SourcesQuery: Question, Equatable {
    static let parameters: Set<String> = []

    var timeZone: String
    let source: String? = nil

    init(_ parameters: QueryParameters, timeZone: String) throws { self.timeZone = timeZone }

    var understood: [Understood] { [Understood(saying: "timezone", timeZone)] }

    func answer(from reader: any RollupReader) async throws -> SourcesAnswer {
        SourcesAnswer(sources: try await reader.sources())
    }
}

/// The answer of `/api/analytics/sources`: those that the caller may see and that have any event, in order.
struct SourcesAnswer: Answer, Equatable {
    var sources: [String]

    func write(to json: inout JSONObject) { json.member("sources", sources) { $0.member("name", $1) } }

    var csv: String { CSV.text(["source"], sources.map { [$0] }) }
}

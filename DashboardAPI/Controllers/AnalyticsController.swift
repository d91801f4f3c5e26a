import HTTPTypes
import Hummingbird
import Logging
import Operations
import Stores

/// `GET /api/analytics/…`: each answer from one commit of the rollups.
struct AnalyticsController: Sendable {
    private let store: any RollupStore
    /// The zone that the rollups are cut in.
    private let timeZone: String
    private let states: StateReads
    private let cache: AnswerCache

    /// - Parameter cacheSize: bytes of answers that are kept.
    init(store: any RollupStore, timeZone: String, cacheSize: Int) {
        (self.store, self.timeZone) = (store, timeZone)
        states = StateReads { try await store.withReader { try await $0.state() } }
        cache = AnswerCache(limit: cacheSize)
    }

    /// Answers one kind of question.
    func answer<Asked: Question>(
        _ kind: Asked.Type, _ request: Request, _ context: DashboardContext
    ) async throws -> Response {
        let parameters = try QueryParameters(of: request, allowed: Asked.parameters)
        let question = try Asked(parameters, timeZone: timeZone)
        let caller = context.caller
        _ = try caller.sources(of: question.source.map { [$0] })
        let key = AnswerCache.Key(
            route: request.uri.path, query: question.understood.query,
            format: try AnswerFormat(parameters, accept: request.headers[.accept]), scope: caller.scope)
        return try await available(context) { try await answer(question, key, request, caller) }
    }

    private func answer(
        _ question: some Question, _ key: AnswerCache.Key, _ request: Request, _ caller: Caller
    ) async throws -> Response {
        let known = Freshness(try await states.current())
        if AnswerResponse.has(known.tag(of: key), request) {
            cache.countUnchanged()
            return AnswerResponse.unchanged(key, known)
        }
        if let body = cache.body(key, at: known.revision) { return AnswerResponse.ok(body, key, known) }
        let (body, fresh) = try await store.withReader { reader in
            let state = try await reader.state()
            try await requireKnown(question.source, reader)
            let seen = PermittedReader(base: reader, caller: caller)
            return (question.body(try await question.answer(from: seen), key.format), Freshness(state))
        }
        cache.keep(body, key, at: fresh.revision)
        return AnswerResponse.ok(body, key, fresh)
    }

    /// Throws for a source that nothing has been counted of: most likely its name is misspelt.
    private func requireKnown(_ source: String?, _ reader: any RollupReader) async throws {
        guard let source, try await !reader.sources().contains(source) else { return }
        throw QueryParameters.problem(
            "source", "is not known: no event of it has been counted yet", code: "unknown_source")
    }

    private func available(
        _ context: DashboardContext, _ body: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await body()
        } catch let error as DatabaseError {
            context.logger.warning("The rollups could not be read", metadata: ["error": "\(error)"])
            throw Problem(
                .serviceUnavailable, code: "rollups_unavailable", detail: "the rollups cannot be read now",
                headers: [.retryAfter: "5"])
        }
    }
}

extension Question {
    /// An answer without its freshness: what stays the same for as long as the revision does.
    fileprivate func body(_ answer: Content, _ format: AnswerFormat) -> [UInt8] {
        switch format {
        case .csv: Array(answer.csv.utf8)
        case .json:
            JSONObject.members { json in
                for item in understood { item.write(to: &json) }
                answer.write(to: &json)
            }
        }
    }
}

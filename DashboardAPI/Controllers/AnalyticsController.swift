import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Operations
import Stores

/// `GET /api/analytics/…`: each answer from one commit of the rollups.
struct AnalyticsController: Sendable {
    let store: any RollupStore
    /// The zone that the rollups are cut in.
    let timeZone: String

    func visitors(_ request: Request, _ context: some RequestContext) async throws -> Response {
        let parameters = try parameters(of: request, VisitorsQuery.parameters)
        let query = try VisitorsQuery(parameters, timeZone: timeZone)
        let format = try AnswerFormat(parameters, accept: request.headers[.accept])
        let answer = try await read(context) { try await VisitorsAnswer.answer(query, from: $0) }
        let tag = "\(answer.revision)-\(answer.completeThrough ?? "")"
        return try response(answer, tag, format, to: request) { CSV.text(answer) }
    }

    func breakdown(_ request: Request, _ context: some RequestContext) async throws -> Response {
        let parameters = try parameters(of: request, BreakdownQuery.parameters)
        let query = try BreakdownQuery(parameters, timeZone: timeZone)
        let format = try AnswerFormat(parameters, accept: request.headers[.accept])
        let answer = try await read(context) { try await BreakdownAnswer.answer(query, from: $0) }
        let tag = "\(answer.revision)-\(answer.completeThrough ?? "")"
        return try response(answer, tag, format, to: request) { CSV.text(answer) }
    }

    private func parameters(of request: Request, _ allowed: Set<String>) throws -> QueryParameters {
        try QueryParameters(
            request.uri.queryParameters.map { (key: String($0.key), value: String($0.value)) }, allowed: allowed)
    }

    private func read<Answer: Sendable>(
        _ context: some RequestContext, _ body: @Sendable (any RollupReader) async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await store.withReader(body)
        } catch let error as DatabaseError {
            context.logger.warning("The rollups could not be read", metadata: ["error": "\(error)"])
            throw Problem(
                .serviceUnavailable, code: "rollups_unavailable", detail: "the rollups cannot be read now",
                headers: [.retryAfter: "5"])
        }
    }

    /// The answer, or 304 where the client has it: numbers change with the revision only.
    private func response(
        _ answer: some Encodable, _ tag: String, _ format: AnswerFormat, to request: Request, csv: () -> String
    ) throws -> Response {
        let tag = "\"\(tag)\(format == .csv ? "-csv" : "")\""
        var headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache", .vary: "Accept"]
        if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = format == .csv ? "text/csv; charset=utf-8; header=present" : "application/json"
        let body: ByteBuffer
        switch format {
        case .csv: body = ByteBuffer(string: csv())
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            body = ByteBuffer(bytes: try encoder.encode(answer))
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

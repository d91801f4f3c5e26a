import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Operations
import Stores

/// `GET /api/analytics/visitors`.
struct VisitorsController: Sendable {
    let store: any RollupStore
    let timeZone: String

    func visitors(_ request: Request, _ context: some RequestContext) async throws -> Response {
        let parameters = request.uri.queryParameters.map { (key: String($0.key), value: String($0.value)) }
        let query = try VisitorsQuery(parameters, timeZone: timeZone)
        do {
            let answer = try await store.withReader { try await VisitorsAnswer.answer(query, from: $0) }
            return try Self.response(answer, to: request)
        } catch let error as DatabaseError {
            context.logger.warning("The rollups could not be read", metadata: ["error": "\(error)"])
            throw Problem(
                .serviceUnavailable, code: "rollups_unavailable", detail: "the rollups cannot be read now",
                headers: [.retryAfter: "5"])
        }
    }

    /// The answer, or 304 where the client has it: numbers change with the revision only.
    private static func response(_ answer: VisitorsAnswer, to request: Request) throws -> Response {
        let tag = "\"\(answer.revision)-\(answer.completeThrough ?? "")\""
        var headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache"]
        if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "application/json"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(answer))))
    }
}

import Events
import Foundation
import HTTPTypes
import Hummingbird

/// What a client is told about its events.
struct IngestAnswer: Encodable {
    struct Result: Encodable {
        struct Failure: Encodable {
            var code: String
            var field: String
            var message: String
        }

        var index: Int
        var eventId: String?
        var status: String
        var dedupe: String?
        var error: Failure?
    }

    /// Members that make the answer a problem of RFC 9457 when every event was refused.
    var type: String?
    var title: String?
    var status: Int?
    var code: String?
    var field: String?
    var detail: String?

    var accepted: Int
    var rejected: Int
    var durability: String?
    var dedupe: String?
    var results: [Result]

    /// Describes what became of a request.
    /// - Parameter includesAccepted: whether accepted events are listed as well (`?results=all`).
    init(_ request: EventRequest, admitted: [Admitted], durability: String, includesAccepted: Bool) {
        accepted = admitted.count
        rejected = request.items.count - admitted.count
        dedupe = admitted.contains(where: \.isFresh) ? "none" : nil
        results = rejected == 0 ? [] : Self.rejections(of: request)
        if includesAccepted {
            results += admitted.map {
                Result(index: $0.index, eventId: $0.eventID, status: "accepted", dedupe: $0.isFresh ? "none" : nil)
            }
            results.sort { $0.index < $1.index }
        }
        if admitted.isEmpty {
            // One that may be taken later makes all of it worth sending again.
            describeProblem(request.items.lazy.compactMap(\.violation).first(where: \.code.isTemporary))
        } else {
            self.durability = admitted.contains(where: \.isSpilled) ? "spill" : durability
        }
    }

    private static func rejections(of request: EventRequest) -> [Result] {
        request.items.enumerated().compactMap { index, item in
            item.violation.map { violation in
                let failure = Result.Failure(
                    code: violation.code.rawValue, field: violation.field, message: violation.message)
                return Result(index: index, eventId: item.event?.eventID, status: "rejected", error: failure)
            }
        }
    }

    private mutating func describeProblem(_ temporary: EventViolation?) {
        type = "about:blank"
        let status = temporary == nil ? HTTPResponse.Status.badRequest : .tooManyRequests
        (title, self.status) = (status.reasonPhrase, status.code)
        let failure = temporary.map { Result.Failure(code: $0.code.rawValue, field: $0.field, message: $0.message) }
        guard let first = failure ?? results.first?.error else { return }
        code = first.code
        field = first.field.isEmpty ? nil : first.field
        let what = first.field.isEmpty ? first.message : "\(first.field) \(first.message)"
        let which = temporary == nil ? "the first" : "some for now only"
        detail = rejected == 1 ? what : "all \(rejected) events were rejected; \(which): \(what)"
    }

    /// The answer: 202; where no event was accepted 429, if one was refused for now only, else 400.
    func response() throws -> Response {
        var fields = HTTPFields()
        fields[.contentType] = status == nil ? "application/json" : "application/problem+json"
        return Response(
            status: status.map { HTTPResponse.Status(code: $0) } ?? .accepted, headers: fields,
            body: ResponseBody(byteBuffer: try body()))
    }

    private func body() throws -> ByteBuffer {
        // Nearly every request: spares the encoder.
        if results.isEmpty, let durability {
            let dedupe = dedupe.map { ",\"dedupe\":\"\($0)\"" } ?? ""
            let text =
                "{\"accepted\":\(accepted),\"rejected\":0,\"durability\":\"\(durability)\"\(dedupe),\"results\":[]}"
            return ByteBuffer(string: text)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        return ByteBuffer(bytes: try encoder.encode(self))
    }
}

import Events
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Operations
import Stores

/// What the collector takes at most.
public struct CollectorLimits: Sendable {
    /// Bytes of a request's body.
    public var bodySize = 1 << 20
    /// Events of a request.
    public var events = 1000

    /// The contract's limits.
    public init() {}
}

/// `POST /v1/events`: answers 2xx only when every accepted event is durable in the log.
struct EventsEndpoint: Sendable {
    let publisher: Publisher
    let keys: WriteKeys
    let limits: CollectorLimits
    let durability: String
    let counters = CollectorCounters()
    let now: @Sendable () -> Int64

    func handle(_ request: Request, _ context: CollectorContext) async throws -> Response {
        let receivedAt = now()
        let source = try authorize(request)
        guard let format = BodyFormat(contentType: request.headers[.contentType]) else {
            throw Problem(
                .unsupportedMediaType, code: "unsupported_media_type",
                detail: "send application/json, application/x-ndjson or text/plain", field: "Content-Type")
        }
        let body = try await body(of: request)
        let events = try EventRequest.parse(body, format: format, now: receivedAt, maximumEvents: limits.events)
        let facts = RequestFacts(
            source: source, receivedAt: receivedAt,
            idempotencyKey: request.headers[Self.idempotencyKey],
            clientAddress: context.remoteAddress?.ipAddress.flatMap(ClientAddress.anonymise),
            userAgent: request.headers[.userAgent], traceparent: request.headers[Self.traceparent])
        let admitted = try await publish(events, facts, context)
        counters.count(events, accepted: admitted.count)
        let includesAccepted = request.uri.queryParameters["results"].map { $0 == "all" } ?? false
        return try IngestAnswer(
            events, admitted: admitted, durability: durability, includesAccepted: includesAccepted
        ).response()
    }

    private static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    private static let traceparent = HTTPField.Name("traceparent")!

    private func authorize(_ request: Request) throws -> String {
        let bearer = request.headers[.authorization].flatMap { header -> String? in
            let parts = header.split(separator: " ", maxSplits: 1)
            return parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : nil
        }
        let key = bearer ?? request.uri.queryParameters["key"].map { String($0) }
        if let source = keys.source(forKey: key) { return source }
        throw Problem(
            .unauthorized, code: key == nil ? "missing_write_key" : "unknown_write_key",
            detail: "send 'Authorization: Bearer <write key>'", field: "Authorization",
            headers: [.wwwAuthenticate: "Bearer"])
    }

    private func body(of request: Request) async throws -> [UInt8] {
        let tooLarge = Problem(
            .contentTooLarge, code: "body_too_large",
            detail: "a body may have \(limits.bodySize) bytes; send smaller batches")
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.bodySize {
            throw tooLarge
        }
        var request = request
        do {
            let buffer = try await request.collectBody(upTo: limits.bodySize)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
    }

    private func publish(
        _ events: EventRequest, _ facts: RequestFacts, _ context: CollectorContext
    ) async throws -> [Admitted] {
        do {
            return try await publisher.publish(events, facts)
        } catch let error as EventLogError {
            counters.countUnavailable()
            context.logger.warning("Events could not be made durable", metadata: ["error": "\(error)"])
            throw unavailable(error)
        }
    }

    /// The one place where a failure of the log becomes an answer.
    private func unavailable(_ error: EventLogError) -> Problem {
        let (code, seconds): (String, Int) =
            switch error.code {
            case .queueFull: ("overloaded", 1)
            case .unreachable, .timedOut, .groupChanged, .unknownTopic, .notAuthorized, .other: ("log_unavailable", 5)
            case .closed: ("shutting_down", 1)
            case .messageTooLarge, .invalidConfiguration: ("log_refuses", 60)
            }
        return Problem(
            .serviceUnavailable, code: code,
            detail: "not every event could be made durable; send the whole request again, the same eventId counts once",
            headers: [.retryAfter: "\(seconds)"])
    }
}

import Events
import HTTPTypes
import Hummingbird
import Operations

/// `POST /v1/events`: answers 2xx only when every accepted event is durable in the log.
struct EventsEndpoint: Sendable {
    let ingest: Ingest

    func handle(_ request: Request, _ context: CollectorContext) async throws -> Response {
        let (permit, facts) = try ingest.enter(request, context)
        guard let format = BodyFormat(contentType: request.headers[.contentType]) else {
            throw Problem(.unsupportedMediaType)
        }
        let query = Query(request)
        let sentAt = try query.sentAt()
        var share = ingest.admission.share()
        let body = try await ingest.bodies.read(request, &share)
        return try await ingest.working {
            let events: EventRequest
            do {
                events = try EventRequest.parse(
                    body, format: format, now: facts.receivedAt, sentAt: sentAt, maximumEvents: ingest.limits.events)
            } catch let problem as Problem {
                ingest.recordUnreadable(body, problem, facts)
                throw problem
            }
            let outcome = try await ingest.publish(events, permit, facts, context)
            var response = try IngestAnswer(
                outcome.events, admitted: outcome.admitted, durability: ingest.durability,
                includesAccepted: query["results"] == "all"
            ).response()
            outcome.fields.write(to: &response.headers, isRefusal: response.status == .tooManyRequests)
            return response
        }
    }
}

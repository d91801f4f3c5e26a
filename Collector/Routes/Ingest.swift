import Events
import HTTPTypes
import Hummingbird
import Logging
import Operations
import Stores

/// What the ways of sending events have in common: who sends, and making what was sent durable.
struct Ingest: Sendable {
    let publisher: Publisher
    let gate: Gate
    let limits: CollectorLimits
    let durability: String
    let schemas: EventSchemas
    let rejected: RejectedEvents?
    let bodies: BodyReader
    let admission: Admission
    let counters = CollectorCounters()
    let now: @Sendable () -> Int64

    /// Who sends and what they may, and what the request tells about all of its events.
    func enter(_ request: Request, _ context: CollectorContext) throws -> (permit: Permit, facts: RequestFacts) {
        let receivedAt = now()
        let permit = try gate.enter(
            request.headers, key: writeKey(of: request), peer: context.remoteAddress, at: receivedAt)
        let facts = RequestFacts(
            source: permit.source, isFromServer: permit.key.isServer, receivedAt: receivedAt,
            idempotencyKey: request.headers[Self.idempotencyKey],
            clientAddress: permit.clientAddress, userAgent: request.headers[.userAgent],
            hints: ClientHints(request.headers), traceparent: request.headers[Self.traceparent])
        return (permit, facts)
    }

    /// Does a request's work, unless too many are being worked on.
    func working<Answer>(_ work: () async throws -> Answer) async throws -> Answer {
        guard admission.enter() else { throw Problem(.tooBusy) }
        defer { admission.leave() }
        return try await work()
    }

    /// Makes the good events durable, and lets the others be recorded.
    /// - Returns: all events, those marked that the log, their schema or a limit would not take, what was given to the
    ///   good ones, and what the answer tells of limits.
    func publish(
        _ events: EventRequest, _ permit: Permit, _ facts: RequestFacts, _ context: CollectorContext
    ) async throws -> (events: EventRequest, admitted: [Admitted], fields: RateLimitFields) {
        var events = events
        events.refuseLarge(limit: limits.recordSize - facts.size)
        schemas.check(&events)
        let outcome = try gate.admit(&events, permit, at: facts.receivedAt)
        do {
            let admitted = try await publisher.publish(events, facts)
            counters.count(events, accepted: admitted.count)
            if admitted.count < events.items.count { rejected?.offer(events, facts) }
            return (events, admitted, outcome.fields)
        } catch let error as EventLogError {
            gate.undo(outcome, permit, at: facts.receivedAt)
            counters.countUnavailable()
            context.logger.warning("Events could not be made durable", metadata: ["error": "\(error)"])
            throw Problem(.notDurable(error))
        }
    }

    /// Lets a body be recorded that cannot be read as a whole: as one rejected event. What only has to be sent in
    /// smaller pieces, or holds nothing, is not.
    func recordUnreadable(_ body: [UInt8], _ problem: Problem, _ facts: RequestFacts) {
        guard let rejected, let code = EventViolation.Code(rawValue: problem.code) else { return }
        let item = EventRequest.Item(violation: EventViolation(code, field: "", problem.detail), line: 0..<body.count)
        rejected.offer(EventRequest(bytes: body, items: [item]), facts)
    }

    private static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    private static let traceparent = HTTPField.Name("traceparent")!

    private func writeKey(of request: Request) -> String? {
        request.headers[.authorization].flatMap(bearerToken) ?? Query(request)["key"]
    }
}

extension EventRequest {
    /// Refuses events that no log would take, each by itself.
    fileprivate mutating func refuseLarge(limit: Int) {
        // Most requests are smaller as a whole.
        guard bytes.count > limit else { return }
        for index in items.indices where items[index].violation == nil {
            guard let size = items[index].event?.range.count, size > limit else { continue }
            items[index].violation = EventViolation(
                .tooLarge, field: "", "an event may have \(limit) bytes as written, has \(size)")
        }
    }
}

extension RequestFacts {
    /// Bytes that a record's headers and key have at most, beside the value.
    fileprivate var size: Int {
        let texts = [
            source, clientAddress, userAgent, hints.brands, hints.platform, hints.mobile, traceparent,
        ].compactMap { $0?.utf8.count }
        return texts.reduce(0) { $0 + min($1, Publisher.maximumHeaderSize) } + 4 * EventRules.maximumUserIDLength
            + 4 * EventRules.maximumEventIDLength + 512
    }
}

extension ClientHints {
    private static let brandsName = HTTPField.Name("Sec-CH-UA")!
    private static let platformName = HTTPField.Name("Sec-CH-UA-Platform")!
    private static let mobileName = HTTPField.Name("Sec-CH-UA-Mobile")!

    fileprivate init(_ headers: HTTPFields) {
        self.init(
            brands: headers[Self.brandsName], platform: headers[Self.platformName], mobile: headers[Self.mobileName])
    }
}

import Events
import Stores

/// What a request tells about all of its events.
struct RequestFacts: Sendable {
    /// The source, by the write key.
    var source: String
    /// Whether the write key may speak for others.
    var isFromServer = false
    /// When the request came in: milliseconds since 1970.
    var receivedAt: Int64
    /// The `Idempotency-Key` header.
    var idempotencyKey: String?
    /// The client's address, anonymised.
    var clientAddress: String?
    /// The `User-Agent` header.
    var userAgent: String?
    /// The client hints that a browser sends unasked.
    var hints = ClientHints()
    /// The W3C `traceparent` header.
    var traceparent: String?
}

/// Client hints, as sent: better than the `User-Agent`, which lies for compatibility.
struct ClientHints: Sendable {
    /// `Sec-CH-UA`
    var brands: String?
    /// `Sec-CH-UA-Platform`
    var platform: String?
    /// `Sec-CH-UA-Mobile`
    var mobile: String?
}

/// What was given to one accepted event.
struct Admitted: Sendable {
    /// The place in the request.
    var index: Int
    /// Its identity.
    var eventID: String
    /// Whether the identity is fresh, so that a repetition of the request would count again.
    var isFresh: Bool
    /// Whether it is durable in the spill and not in the log yet.
    var isSpilled = false
}

/// Turns the good events of a request into records and appends them to the log.
struct Publisher: Sendable {
    /// Headers are cut to this many bytes: enough for any honest client.
    static let maximumHeaderSize = 1024

    let log: any EventLog
    /// What takes events durably while the log does not; without one the log's failure is the request's.
    var spill: Spill?

    /// Appends the good events and returns when all are durable.
    func publish(_ request: EventRequest, _ facts: RequestFacts) async throws -> [Admitted] {
        var (batch, admitted) = (RecordBatch(bytes: request.bytes), [Admitted]())
        admitted.reserveCapacity(request.items.count)
        var writer = RecordWriter(facts: facts, sentAt: request.sentAt, into: &batch)
        for (index, item) in request.items.enumerated() {
            guard item.violation == nil, let event = item.event else { continue }
            let (eventID, isFresh) = writer.append(event, of: request.bytes, to: &batch)
            admitted.append(Admitted(index: index, eventID: eventID, isFresh: isFresh))
        }
        guard !admitted.isEmpty else { return [] }
        if let spill {
            for index in try await spill.append(batch) { admitted[index].isSpilled = true }
        } else {
            _ = try await log.produce(batch, to: .userEvents)
        }
        return admitted
    }
}

/// Writes records: the value is the event's own bytes, the headers are what the collector knows.
private struct RecordWriter {
    private let facts: RequestFacts
    /// Those of every event; the last is its id.
    private var headers: [RecordBatch.Header] = []
    /// The time of receipt as a member and the header that tells of it; made for the first event without a time.
    private var receipt: (member: [UInt8], mark: RecordBatch.Header)?
    private var occurrences: [ArraySlice<UInt8>: Int] = [:]
    private var random = SystemRandomNumberGenerator()

    init(facts: RequestFacts, sentAt: Int64?, into batch: inout RecordBatch) {
        self.facts = facts
        headers.reserveCapacity(7)
        func add(_ name: HeaderName, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            headers.append(.init(name: batch.store(name.rawValue), value: batch.store(Self.cut(value))))
        }
        add(.source, facts.source)
        add(.receivedAt, String(facts.receivedAt))
        add(.sentAt, sentAt.map { String($0) })
        add(.clientAddress, facts.clientAddress)
        add(.userAgent, facts.userAgent)
        if facts.isFromServer { add(.keyMark, "server") }
        add(.clientHintBrands, facts.hints.brands)
        add(.clientHintPlatform, facts.hints.platform)
        add(.clientHintMobile, facts.hints.mobile)
        add(.traceparent, facts.traceparent)
        headers.append(.init(name: batch.store(HeaderName.eventID.rawValue), value: 0..<0))
    }

    /// A text's beginning, cut between characters: whoever reads the header expects UTF-8.
    private static func cut(_ text: String) -> Substring.UTF8View {
        var bytes = text.utf8.prefix(Publisher.maximumHeaderSize)
        while bytes.endIndex.samePosition(in: text.unicodeScalars) == nil { bytes.removeLast() }
        return bytes
    }

    mutating func append(
        _ event: ScannedEvent, of body: [UInt8], to batch: inout RecordBatch
    ) -> (eventID: String, isFresh: Bool) {
        let (eventID, isFresh) = identity(of: event, in: body)
        headers[headers.count - 1].value = batch.store(eventID)
        var (value, headers) = (event.range, headers)
        if event.timestamp == nil {
            let receipt = receiptParts(&batch)
            headers.append(receipt.mark)
            value = splicedTime(receipt.member, event, of: body, into: &batch)
        }
        batch.append(
            key: batch.store(event.userID), value: value, headers: headers, timestamp: facts.receivedAt)
        return (eventID, isFresh)
    }

    private mutating func receiptParts(_ batch: inout RecordBatch) -> (member: [UInt8], mark: RecordBatch.Header) {
        if let receipt { return receipt }
        let mark = RecordBatch.Header(
            name: batch.store(HeaderName.timestampFrom.rawValue), value: batch.store("receipt"))
        let new = (Array("\"timestamp\":\"\(Timestamp.format(facts.receivedAt))\",".utf8), mark)
        receipt = new
        return new
    }

    /// The event with the time of receipt as its first member.
    private func splicedTime(
        _ member: [UInt8], _ event: ScannedEvent, of body: [UInt8], into batch: inout RecordBatch
    ) -> Range<Int> {
        let start = batch.store(body[event.range.lowerBound..<event.afterOpeningBrace])
        _ = batch.store(member)
        let end = batch.store(body[event.afterOpeningBrace..<event.range.upperBound])
        return start.lowerBound..<end.upperBound
    }

    private mutating func identity(of event: ScannedEvent, in body: [UInt8]) -> (String, isFresh: Bool) {
        if let eventID = event.eventID { return (eventID, false) }
        // An empty key is none: all equal events that ever come without one would be the same.
        guard let key = facts.idempotencyKey, !key.isEmpty else {
            return (EventIdentity.fresh(at: facts.receivedAt, using: &random), true)
        }
        let bytes = body[event.range]
        let occurrence = occurrences[bytes, default: 0]
        occurrences[bytes] = occurrence + 1
        let id = EventIdentity.idempotent(source: facts.source, key: key, event: bytes, occurrence: occurrence)
        return (id, false)
    }
}

import Events
import Stores

/// A rejected event on its way to the dead-letter topic.
///
/// It has never been in the log: there is no position and nothing to go back to, so `dlq-topic`, `dlq-partition` and
/// `dlq-offset` are absent. Its bytes are what the client sent, cut where they are very many.
struct CollectDeadLetter: Sendable {
    /// The most bytes of an event that are kept.
    static let maximumSize = 64 * 1024

    private let key: [UInt8]?
    private let value: [UInt8]
    private let headers: [(HeaderName, String)]
    private let failedAt: Int64

    /// Describes a rejected event; `nil` for a good one.
    init?(_ item: EventRequest.Item, of request: EventRequest, _ facts: RequestFacts, failedAt: Int64) {
        guard let violation = item.violation else { return nil }
        let range = item.event?.range ?? item.line
        value = Array(request.bytes[range].prefix(Self.maximumSize))
        let userID = item.event?.userID ?? ""
        key = userID.isEmpty || userID.utf8.count > Publisher.maximumHeaderSize ? nil : Array(userID.utf8)
        let message = violation.field.isEmpty ? violation.message : "\(violation.field) \(violation.message)"
        let known: [(HeaderName, String?)] = [
            (.eventID, item.event?.eventID), (.source, facts.source), (.receivedAt, String(facts.receivedAt)),
            (.sentAt, request.sentAt.map { String($0) }), (.clientAddress, facts.clientAddress),
            (.userAgent, facts.userAgent), (.traceparent, facts.traceparent),
            (.deadLetterStage, DeadLetterStage.collect.rawValue), (.deadLetterReason, violation.code.rawValue),
            (.deadLetterMessage, message), (.deadLetterAttempts, "1"), (.deadLetterFailedAt, String(failedAt)),
            (.deadLetterReplays, "0"),
            (.deadLetterTruncatedFrom, range.count > Self.maximumSize ? String(range.count) : nil),
        ]
        headers = known.compactMap { name, text in
            // Four bytes a scalar at most: enough for any honest client.
            text.map { (name, String($0.unicodeScalars.prefix(Publisher.maximumHeaderSize / 4))) }
        }
        self.failedAt = failedAt
    }

    /// Bytes in memory, about.
    var size: Int { value.count + (key?.count ?? 0) + headers.reduce(256) { $0 + $1.1.utf8.count + 32 } }

    func append(to batch: inout RecordBatch) {
        let stored = headers.map { name, text in
            RecordBatch.Header(name: batch.store(name.rawValue), value: batch.store(text))
        }
        batch.append(
            key: key.map { batch.store($0) }, value: batch.store(value), headers: stored, timestamp: failedAt)
    }
}

import Events
import Hummingbird
import Operations
import Stores

@testable import Collector
@testable import StoreModels

/// 2025-05-01T12:00:00Z, the clock of these tests.
let noon: Int64 = 1_746_100_800_000

/// A good event's text, with more members if wanted.
func eventText(_ userID: String = "u1", eventID: String? = nil, more: String = "") -> String {
    let identity = eventID.map { "\"eventId\":\"\($0)\"," } ?? ""
    return "{\(identity)\"userId\":\"\(userID)\",\"eventType\":\"page_view\"\(more)}"
}

/// Reads a request's body as the endpoint does.
func read(_ body: String, _ format: BodyFormat = .json, maximumEvents: Int = 1000) throws -> EventRequest {
    try EventRequest.parse(Array(body.utf8), format: format, now: noon, maximumEvents: maximumEvents)
}

extension EventRequest {
    /// For each event its user, or the code of the rule that it breaks and the field.
    var summary: [String] {
        items.map { item in
            item.violation.map { "\($0.code.rawValue) \($0.field)" } ?? item.event?.userID ?? "nothing"
        }
    }

    /// The bytes of each event as text; empty for what is not JSON.
    var texts: [String] {
        items.map { item in item.event.map { String(decoding: bytes[$0.range], as: UTF8.self) } ?? "" }
    }
}

/// What publishing a body gave: the answers and the records of the log.
func publish(
    _ body: String, _ format: BodyFormat = .json, facts: RequestFacts = RequestFacts(source: "web", receivedAt: noon)
) async throws -> (admitted: [Admitted], records: [LoggedRecord]) {
    let log = EventLogModel()
    let admitted = try await Publisher(log: log).publish(read(body, format), facts)
    return (admitted, log.records(of: .userEvents))
}

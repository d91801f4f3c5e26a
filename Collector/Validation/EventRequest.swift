import Events
import HTTPTypes
import Operations

/// A request's events, wherever they were in its body.
///
/// The body's bytes are kept as they came: events are ranges of them.
struct EventRequest: Sendable {
    /// One event and what reading it told.
    struct Item: Sendable {
        /// The event, good or bad; `nil` for a line that is not JSON.
        var event: ScannedEvent?
        /// Why it is refused; `nil` for a good event.
        var violation: EventViolation?
        /// The bytes of a line that is not JSON.
        var line = 0..<0
    }

    /// The body.
    var bytes: [UInt8]
    /// The events in order.
    var items: [Item] = []
    /// When the client sent the request, by its own clock: milliseconds since 1970.
    var sentAt: Int64?

    /// Reads one event, an array, `{"events":[…],"sentAt":…}` or, if the format says so, a line an event.
    ///
    /// - Parameter sentAt: what the request told beside its body; a `sentAt` of the body comes first.
    /// - Throws: `Problem` where the body as a whole cannot be read.
    static func parse(
        _ body: [UInt8], format: BodyFormat, now: Int64, sentAt: Int64? = nil, maximumEvents: Int
    ) throws -> EventRequest {
        var request = EventRequest(bytes: body)
        do {
            try body.withUnsafeBufferPointer { bytes in
                var reader = EventRequestReader(bytes: bytes, now: now, sentAt: sentAt, maximumEvents: maximumEvents)
                switch format {
                case .json: try reader.readJSON()
                case .newlineDelimited: try reader.readLines()
                }
                request.items = reader.items
                request.sentAt = reader.sentAt
            }
        } catch let error as JSONSyntaxError {
            throw Problem(.invalidJSON(error))
        }
        guard !request.items.isEmpty else {
            throw Problem(.emptyRequest)
        }
        return request
    }
}

/// How a body is to be read.
enum BodyFormat: Sendable {
    case json
    case newlineDelimited

    /// Chosen by `Content-Type`; JSON where there is none. `nil` for a type that is not taken.
    init?(contentType: String?) {
        guard let contentType else {
            self = .json
            return
        }
        let type = contentType.prefix { $0 != ";" }.drop { $0 == " " }.lowercased()
        switch type.split(separator: " ").first ?? "" {
        case "application/json", "text/plain", "text/json", "application/x-www-form-urlencoded", "": self = .json
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
            self = .newlineDelimited
        default: return nil
        }
    }
}

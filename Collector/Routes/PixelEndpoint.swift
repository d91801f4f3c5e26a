import Events
import HTTPTypes
import Hummingbird
import Operations

/// `GET /v1/pixel.gif?eventType=…&userId=…`: one event from where no script runs, such as a mail.
///
/// The picture comes when the event is durable. What is wrong is told as everywhere, as a problem: a browser shows
/// neither, and whoever looks finds the reason.
struct PixelEndpoint: Sendable {
    let ingest: Ingest

    func handle(_ request: Request, _ context: CollectorContext) async throws -> Response {
        let (permit, facts) = try ingest.enter(request, context)
        let query = Query(request)
        let event = try PixelEvent(query).json()
        let sentAt = try query.sentAt()
        return try await ingest.working {
            let events = try EventRequest.parse(
                event, format: .json, now: facts.receivedAt, sentAt: sentAt, maximumEvents: 1)
            let outcome = try await ingest.publish(events, permit, facts, context)
            var response = try outcome.admitted.isEmpty ? refusal(of: outcome.events) : picture
            outcome.fields.write(to: &response.headers, isRefusal: response.status == .tooManyRequests)
            return response
        }
    }

    private func refusal(of events: EventRequest) throws -> Response {
        try IngestAnswer(events, admitted: [], durability: ingest.durability, includesAccepted: false).response()
    }

    /// One transparent dot.
    private var picture: Response {
        Response(
            status: .ok, headers: [.contentType: "image/gif", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: Self.gif)))
    }

    static let gif: [UInt8] = [
        // Version 89a, 1 × 1, two colours.
        0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF,
        // Colour 0 is transparent.
        0x21, 0xF9, 4, 1, 0, 0, 0, 0,
        // One image of one dot of colour 0, and the end.
        0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B,
    ]
}

/// The event that parameters describe. Values are texts; only `timestamp` may be a number.
struct PixelEvent {
    private static let fields: Set<String> = ["eventId", "userId", "eventType", "timestamp"]
    private static let metadata: Set<String> = ["url", "path", "referrer", "title"]
    /// About the request, not about the event.
    private static let others: Set<String> = ["key", "sentAt"]

    private var members: [(name: String, value: String)] = []
    private var metadata: [(name: String, value: String)] = []

    /// Sorts the parameters: fields of the event, well-known metadata, `m.<name>` for any other metadata. What begins
    /// with `_` is passed over: it keeps caches from answering.
    init(_ query: Query) throws {
        var seen: Set<String> = []
        for (name, value) in query.parameters where !Self.others.contains(name) && !name.hasPrefix("_") {
            let shown = String(name.prefix(64))
            guard seen.insert(name).inserted else {
                throw Problem(.wrongParameter(code: "duplicate_field", name: shown, "is given twice"))
            }
            if Self.fields.contains(name) {
                members.append((name, value))
            } else if Self.metadata.contains(name) {
                metadata.append((name, value))
            } else if name.hasPrefix("m."), name.count > 2 {
                metadata.append((String(name.dropFirst(2)), value))
            } else {
                let allowed = (Self.fields.union(Self.metadata).union(Self.others)).sorted().joined(separator: ", ")
                let rule = "is not a parameter; allowed are \(allowed) and m.<name>"
                throw Problem(.wrongParameter(code: "unknown_field", name: shown, rule))
            }
        }
    }

    private func quoted(_ text: String) -> String {
        var output: [UInt8] = []
        JSONString.append(text.utf8, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// The event's text.
    func json() throws -> [UInt8] {
        guard !members.isEmpty else { throw Problem(.emptyRequest) }
        var parts = members.map { name, value in
            let number = name == "timestamp" ? Int64(value) : nil
            return "\"\(name)\":" + (number.map { String($0) } ?? quoted(value))
        }
        if !metadata.isEmpty {
            let pairs = metadata.map { "\(quoted($0.name)):\(quoted($0.value))" }
            parts.append("\"metadata\":{\(pairs.joined(separator: ","))}")
        }
        return Array("{\(parts.joined(separator: ","))}".utf8)
    }
}

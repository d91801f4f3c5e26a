import Events
import HTTPTypes
import Operations

/// Finds the events of a body.
struct EventRequestReader {
    let bytes: UnsafeBufferPointer<UInt8>
    let now: Int64
    let maximumEvents: Int
    private(set) var items: [EventRequest.Item] = []
    private(set) var sentAt: Int64?

    init(bytes: UnsafeBufferPointer<UInt8>, now: Int64, sentAt: Int64?, maximumEvents: Int) {
        self.bytes = bytes
        self.now = now
        self.sentAt = sentAt
        self.maximumEvents = maximumEvents
    }

    private var skew: Int64 { sentAt.map { now - $0 } ?? 0 }

    /// One event, an array of events, or an object with the members `events` and `sentAt`.
    mutating func readJSON() throws {
        var events = EventScanner(bytes, now: now, skew: skew)
        switch events.scanner.peek() {
        case nil: return
        case UInt8(ascii: "["): try readArray(&events)
        case UInt8(ascii: "{") where isWrapper(): try readWrapper(&events)
        default: try append(events.next())
        }
        guard events.scanner.peek() == nil else {
            throw JSONSyntaxError("expected the end of the text", at: events.scanner.index)
        }
    }

    /// One event a line; empty lines are passed over. A line that is not JSON spoils only itself.
    mutating func readLines() throws {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let text = UnsafeBufferPointer(rebasing: line)
            guard text.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
            do {
                try append(readLine(line))
            } catch let error as JSONSyntaxError {
                let violation = EventViolation(
                    .invalidJSON, field: "",
                    "not valid JSON: \(error.reason) at byte \(error.offset - line.startIndex) of the line")
                try append(EventRequest.Item(violation: violation, line: line.startIndex..<line.endIndex))
            }
        }
    }

    private func readLine(_ line: Slice<UnsafeBufferPointer<UInt8>>) throws(JSONSyntaxError) -> ScannedEvent {
        let upToEnd = UnsafeBufferPointer(rebasing: bytes[..<line.endIndex])
        var events = EventScanner(upToEnd, from: line.startIndex, now: now, skew: skew)
        let event = try events.next()
        guard events.scanner.peek() == nil else {
            throw JSONSyntaxError("expected the end of the line", at: events.scanner.index)
        }
        return event
    }

    private mutating func readArray(_ events: inout EventScanner) throws {
        try events.scanner.expect(UInt8(ascii: "["), "an array of events")
        if events.scanner.take(UInt8(ascii: "]")) { return }
        repeat {
            try append(events.next())
        } while events.scanner.take(UInt8(ascii: ","))
        try events.scanner.expect(UInt8(ascii: "]"), "',' or ']' in an array")
    }

    /// Whether the object's first member is one that only the wrapper has.
    private func isWrapper() -> Bool {
        var scanner = JSONScanner(bytes)
        guard scanner.take(UInt8(ascii: "{")), let key = try? scanner.scanKey() else { return false }
        return ["events", "sentAt"].contains(key.text(in: bytes))
    }

    private mutating func readWrapper(_ events: inout EventScanner) throws {
        try events.scanner.expect(UInt8(ascii: "{"), "an object")
        var (seen, start) = (Set<String>(), 0)
        repeat {
            let name = try events.scanner.scanKey().text(in: bytes)
            guard seen.insert(name).inserted else { throw wrapperProblem("duplicate_field", name, "is given twice") }
            switch name {
            case "events":
                guard events.scanner.peek() == UInt8(ascii: "[") else {
                    throw wrapperProblem("wrong_type", "events", "must be an array of events")
                }
                start = events.scanner.index
                try readArray(&events)
            case "sentAt":
                sentAt = try readSentAt(&events.scanner)
                events.skew = skew
                if seen.contains("events") { try readAgain(&events, from: start) }
            default:
                throw wrapperProblem("unknown_field", name, "is not a field of a request; allowed are events, sentAt")
            }
        } while events.scanner.take(UInt8(ascii: ","))
        try events.scanner.expect(UInt8(ascii: "}"), "',' or '}' in an object")
        guard seen.contains("events") else {
            throw wrapperProblem("missing_field", "events", "is required beside sentAt")
        }
    }

    /// Judges the events before a `sentAt` once more, with it.
    private mutating func readAgain(_ events: inout EventScanner, from start: Int) throws {
        let end = events.scanner.index
        items = []
        events.scanner.index = start
        try readArray(&events)
        events.scanner.index = end
    }

    private func readSentAt(_ scanner: inout JSONScanner) throws -> Int64 {
        let format = "must be an RFC 3339 date-time with offset, or integer milliseconds since 1970"
        let time: Int64?
        switch scanner.peek() {
        case UInt8(ascii: "\""): time = Timestamp.parse(try scanner.scanString().decoded(in: bytes))
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            time = Int64(String(decoding: bytes[try scanner.scanNumber().range], as: UTF8.self))
        default:
            var facts = JSONFacts()
            _ = try scanner.skipValue(&facts)
            throw wrapperProblem("wrong_type", "sentAt", format)
        }
        guard let time, (0...Timestamp.maximum).contains(time) else {
            throw wrapperProblem("invalid_format", "sentAt", format)
        }
        return time
    }

    private func wrapperProblem(_ code: String, _ field: String, _ message: String) -> Problem {
        // The field may be anything that a client sent, a mebibyte long.
        let field = String(field.prefix(64))
        return Problem(.wrongMember(code: code, field: field, message))
    }

    private mutating func append(_ event: ScannedEvent) throws {
        try append(EventRequest.Item(event: event, violation: event.violation))
    }

    private mutating func append(_ item: EventRequest.Item) throws {
        guard items.count < maximumEvents else {
            throw Problem(.tooManyEvents(limit: maximumEvents))
        }
        items.append(item)
    }
}

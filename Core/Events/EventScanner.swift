/// An event as it was found in a text: places and values of its fields.
public struct ScannedEvent: Sendable, Equatable {
    /// The whole object's bytes.
    public var range: Range<Int>
    /// Just after `{`, where a member can be spliced in.
    public var afterOpeningBrace: Int
    /// The client's id; `nil` where there was none.
    public var eventID: String?
    /// The user; empty where it was missing (then there is a violation).
    public var userID = ""
    /// The kind of event; empty where it was missing (then there is a violation).
    public var eventType = ""
    /// As the client gave it, uncorrected: milliseconds since 1970; `nil` where there was none.
    public var timestamp: Int64?
    /// The bytes of the object `metadata`; `nil` where there was none.
    public var metadata: Range<Int>?
    /// The first rule that the event breaks; `nil` for a good event.
    public var violation: EventViolation?

    fileprivate mutating func note(_ violation: EventViolation?) {
        if self.violation == nil { self.violation = violation }
    }
}

/// Reads the envelope of events and checks the contract's rules, in one pass over the bytes.
public struct EventScanner {
    /// The scanner at work; its `index` is where the next value begins.
    public var scanner: JSONScanner
    /// How much later the receiver's clock was than the client's when the request was sent, in milliseconds. Times are
    /// judged with it added.
    public var skew: Int64
    private let latest: Int64

    /// Scans a text.
    /// - Parameters:
    ///   - bytes: the text; must outlive the scanner.
    ///   - index: where to begin.
    ///   - now: the clock that "in the future" is judged by, milliseconds since 1970.
    ///   - skew: `receivedAt - sentAt`, 0 where the client did not tell when it sent the request.
    public init(_ bytes: UnsafeBufferPointer<UInt8>, from index: Int = 0, now: Int64, skew: Int64 = 0) {
        scanner = JSONScanner(bytes, from: index)
        latest = now + EventRules.maximumFuture
        self.skew = skew
    }

    /// Reads the next value as an event. A broken rule is noted in the answer, and reading goes on to the event's end.
    /// - Throws: where the text is not JSON, so that nothing after it can be read either.
    public mutating func next() throws(JSONSyntaxError) -> ScannedEvent {
        guard scanner.peek() == UInt8(ascii: "{") else {
            var facts = JSONFacts()
            let range = try scanner.skipValue(&facts)
            var event = ScannedEvent(range: range, afterOpeningBrace: range.lowerBound)
            event.note(EventViolation(.notAnObject, field: "", "an event must be a JSON object"))
            return event
        }
        let start = scanner.index
        scanner.index += 1
        var event = ScannedEvent(range: start..<start, afterOpeningBrace: start + 1)
        var seen: UInt8 = 0
        if !scanner.take(UInt8(ascii: "}")) {
            repeat {
                try readMember(&event, &seen)
            } while scanner.take(UInt8(ascii: ","))
            try scanner.expect(UInt8(ascii: "}"), "',' or '}' in an object")
        }
        event.range = start..<scanner.index
        for (field, name) in [(Field.userID, "userId"), (.eventType, "eventType")] where seen & field.bit == 0 {
            event.note(EventViolation(.missingField, field: name, "is required"))
        }
        return event
    }

    private enum Field: UInt8 {
        case eventID, userID, eventType, timestamp, metadata
        var bit: UInt8 { 1 << rawValue }

        @inline(__always)
        init?(_ name: UnsafeBufferPointer<UInt8>) {
            func matches(_ text: StaticString) -> Bool {
                for offset in 0..<name.count where name[offset] != text.utf8Start[offset] { return false }
                return true
            }
            switch name.count {
            case 6 where matches("userId"): self = .userID
            case 7 where matches("eventId"): self = .eventID
            case 8 where matches("metadata"): self = .metadata
            case 9 where matches("eventType"): self = .eventType
            case 9 where matches("timestamp"): self = .timestamp
            default: return nil
            }
        }
    }

    private mutating func readMember(_ event: inout ScannedEvent, _ seen: inout UInt8) throws(JSONSyntaxError) {
        let key = try scanner.scanKey()
        guard let field = field(named: key) else { return try skipUnknownField(key, &event) }
        if seen & field.bit != 0 {
            event.note(EventViolation(.duplicateField, field: key.text(in: scanner.bytes), "is given twice"))
        }
        seen |= field.bit
        switch field {
        case .eventID:
            let text = try readString("eventId", &event)
            event.eventID = text
            event.note(text.flatMap(EventRules.checkEventID))
        case .userID:
            let text = try readString("userId", &event)
            event.userID = text ?? ""
            event.note(text.flatMap(EventRules.checkUserID))
        case .eventType: try readEventType(&event)
        case .timestamp: try readTimestamp(&event)
        case .metadata: try readMetadata(&event)
        }
    }

    private func field(named key: JSONString) -> Field? {
        key.isEscaped
            ? key.decoded(in: scanner.bytes).withUnsafeBufferPointer { Field($0) }
            : Field(UnsafeBufferPointer(rebasing: scanner.bytes[key.content]))
    }

    private mutating func skipUnknownField(_ key: JSONString, _ event: inout ScannedEvent) throws(JSONSyntaxError) {
        var facts = JSONFacts()
        _ = try scanner.skipValue(&facts)
        event.note(
            EventViolation(
                .unknownField, field: String(key.text(in: scanner.bytes).prefix(64)),
                "is not a field of an event; allowed are eventId, userId, eventType, timestamp, metadata"))
    }

    private mutating func readString(
        _ field: String, _ event: inout ScannedEvent
    ) throws(JSONSyntaxError) -> String? {
        guard scanner.peek() == UInt8(ascii: "\"") else {
            try skipWrongType(field, "must be a string", &event)
            return nil
        }
        return try scanner.scanString().text(in: scanner.bytes)
    }

    private mutating func skipWrongType(
        _ field: String, _ message: String, _ event: inout ScannedEvent
    ) throws(JSONSyntaxError) {
        var facts = JSONFacts()
        _ = try scanner.skipValue(&facts)
        event.note(EventViolation(.wrongType, field: field, message))
    }

    private mutating func readEventType(_ event: inout ScannedEvent) throws(JSONSyntaxError) {
        guard let text = try readString("eventType", &event) else { return }
        event.eventType = text
        if !EventRules.isEventType(text) {
            event.note(
                EventViolation(
                    .invalidFormat, field: "eventType",
                    "must begin with a-z and hold 1 to 64 of a-z 0-9 _ . : -"))
        }
    }

    private mutating func readTimestamp(_ event: inout ScannedEvent) throws(JSONSyntaxError) {
        let format = "must be an RFC 3339 date-time with offset, or integer milliseconds since 1970"
        switch scanner.peek() {
        case UInt8(ascii: "\""):
            let text = try scanner.scanString()
            event.timestamp =
                text.isEscaped
                ? Timestamp.parse(text.decoded(in: scanner.bytes)) : Timestamp.parse(scanner.bytes[text.content])
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            let number = try scanner.scanNumber()
            event.timestamp =
                number.isInteger ? Int64(String(decoding: scanner.bytes[number.range], as: UTF8.self)) : nil
        default: return try skipWrongType("timestamp", format, &event)
        }
        guard let time = event.timestamp else {
            return event.note(EventViolation(.invalidFormat, field: "timestamp", format))
        }
        // What is no time in itself is not mended by a skew, and adding might overflow.
        let corrected = (0...Timestamp.maximum).contains(time) ? time + skew : time
        let correctly = skew == 0 ? "" : " when corrected by sentAt"
        if corrected > latest {
            event.note(
                EventViolation(
                    .inTheFuture, field: "timestamp", "must not be more than 24 hours in the future\(correctly)"))
        } else if corrected < 0 {
            event.note(
                EventViolation(.outOfRange, field: "timestamp", "must not be before 1970-01-01T00:00:00Z\(correctly)"))
        }
    }

    private mutating func readMetadata(_ event: inout ScannedEvent) throws(JSONSyntaxError) {
        guard scanner.peek() == UInt8(ascii: "{") else {
            return try skipWrongType("metadata", "must be an object", &event)
        }
        var facts = JSONFacts()
        let range = try scanner.skipValue(&facts)
        event.metadata = range
        event.note(violation(of: facts, size: range.count))
    }

    private func violation(of facts: JSONFacts, size: Int) -> EventViolation? {
        if facts.depth > EventRules.maximumMetadataDepth {
            EventViolation(
                .tooDeep, field: "metadata",
                "may have \(EventRules.maximumMetadataDepth) levels, has \(facts.depth)")
        } else if size > EventRules.maximumMetadataSize {
            EventViolation(
                .tooLarge, field: "metadata", "may have \(EventRules.maximumMetadataSize) bytes, has \(size)")
        } else if facts.hasDollarKey {
            EventViolation(.forbiddenKey, field: "metadata", "no key may begin with '$'")
        } else if facts.hasNulKey {
            EventViolation(.forbiddenKey, field: "metadata", "no key may contain U+0000")
        } else if facts.hasOverflow {
            EventViolation(.outOfRange, field: "metadata", "a number must fit a 64-bit float")
        } else {
            nil
        }
    }
}

/// The rules for texts, by their UTF-8: they run for every event.
extension EventRules {
    /// Whether a text is an event type: `^[a-z][a-z0-9_.:-]{0,63}$`.
    public static func isEventType(_ text: String) -> Bool {
        let bytes = text.utf8.span
        guard 1...maximumEventTypeLength ~= bytes.count, UInt8(ascii: "a")...UInt8(ascii: "z") ~= bytes[0] else {
            return false
        }
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "-"):
                continue
            default: return false
            }
        }
        return true
    }

    static func checkEventID(_ text: String) -> EventViolation? {
        let shape = Shape(text.utf8.span)
        return checkLength(shape, field: "eventId", maximum: maximumEventIDLength)
            ?? checkScalars(shape, text, field: "eventId")
    }

    static func checkUserID(_ text: String) -> EventViolation? {
        let shape = Shape(text.utf8.span)
        if let violation = checkLength(shape, field: "userId", maximum: maximumUserIDLength) { return violation }
        if mayBeJunk(text.utf8.span), isJunk(text) {
            return EventViolation(
                .junkUserID, field: "userId",
                "is a placeholder, not a user's id: send an id of your own, or none at all")
        }
        return checkScalars(shape, text, field: "userId")
    }

    /// What one pass over a text's UTF-8 shows.
    private struct Shape {
        /// Unicode scalars: bytes that do not continue one.
        let length: Int
        /// Has U+0000, or the first byte of U+FFFD.
        let isSuspicious: Bool

        init(_ bytes: Span<UInt8>) {
            // Sums without branches, for the compiler to do many bytes at a time.
            var (starts, suspects) = (0, 0)
            bytes.withUnsafeBufferPointer { bytes in
                for byte in bytes {
                    starts &+= byte & 0xC0 == 0x80 ? 0 : 1
                    suspects &+= (byte == 0 ? 1 : 0) | (byte == 0xEF ? 1 : 0)
                }
            }
            (length, isSuspicious) = (starts, suspects > 0)
        }
    }

    private static func checkLength(_ shape: Shape, field: String, maximum: Int) -> EventViolation? {
        1...maximum ~= shape.length
            ? nil
            : EventViolation(
                .invalidLength, field: field, "must have 1 to \(maximum) characters, has \(shape.length)")
    }

    private static func checkScalars(_ shape: Shape, _ text: String, field: String) -> EventViolation? {
        guard shape.isSuspicious, text.unicodeScalars.contains(where: { $0 == "\0" || $0 == "\u{FFFD}" }) else {
            return nil
        }
        return EventViolation(
            .invalidFormat, field: field, "must not contain U+0000, U+FFFD or an unpaired surrogate")
    }
}

extension EventRules {
    /// Blank, or a junk id with or without white space around it.
    private static func isJunk(_ text: String) -> Bool {
        // By scalars: white space with a combining mark on it is one character that is both blank and not.
        let trimmed = text.unicodeScalars.drop { $0.properties.isWhitespace }
        guard let end = trimmed.lastIndex(where: { !$0.properties.isWhitespace }) else { return true }
        return junkUserIDs.contains(String(trimmed[...end]).lowercased())
    }

    /// A quick look that lets nearly all good ids pass: nothing to trim, and begins like none of the junk ids.
    private static func mayBeJunk(_ bytes: Span<UInt8>) -> Bool {
        let plain: ClosedRange<UInt8> = 0x21...0x7E
        guard plain ~= bytes[0], plain ~= bytes[bytes.count - 1] else { return true }
        return junkPrefixes.contains(prefix(of: bytes))
    }

    private static let junkPrefixes = junkUserIDs.map { prefix(of: $0.utf8.span) }

    /// The first eight bytes, such that case makes no difference.
    private static func prefix(of bytes: Span<UInt8>) -> UInt64 {
        var prefix: UInt64 = 0
        for index in 0..<min(8, bytes.count) { prefix = prefix << 8 | UInt64(bytes[index] | 0x20) }
        return prefix
    }
}

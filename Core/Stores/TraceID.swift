/// The trace that a W3C `traceparent` names.
public enum TraceID {
    /// The trace's 32 hexadecimal digits; `nil` where the text is no `traceparent` that may be gone by: of a client that
    /// writes it wrong no trace is known, and nothing else is wrong with its events.
    public static func of(traceparent: some Collection<UInt8>) -> String? {
        let bytes = Array(traceparent.prefix(56))
        // version-trace-parent-flags; versions after 00 may go on after another hyphen, and ff is none.
        guard bytes.count >= 55, bytes[2] == hyphen, bytes[35] == hyphen, bytes[52] == hyphen else { return nil }
        let (version, trace, parent) = (bytes[0..<2], bytes[3..<35], bytes[36..<52])
        guard (version + trace + parent + bytes[53..<55]).allSatisfy(isHexDigit), !version.elementsEqual("ff".utf8),
            bytes.count == 55 || (bytes[55] == hyphen && !version.elementsEqual("00".utf8)),
            trace.contains(where: { $0 != zero }), parent.contains(where: { $0 != zero })
        else { return nil }
        return String(decoding: trace, as: UTF8.self)
    }

    private static let hyphen = UInt8(ascii: "-")
    private static let zero = UInt8(ascii: "0")

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (zero...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

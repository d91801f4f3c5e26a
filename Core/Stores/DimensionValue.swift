internal import Events

/// Scalars of metadata as the texts that rollups count by: the same from every store, however the number was written.
public enum DimensionValue {
    /// Bytes of a value, at most; longer ones are cut between characters.
    public static let maximumSize = 256

    /// A text; `nil` for an empty one. PostgreSQL cannot hold U+0000: U+FFFD stands for it.
    public static func text(_ text: String) -> String? {
        guard text.utf8.count > maximumSize || text.utf8.contains(0) else { return text.isEmpty ? nil : text }
        var end = text.utf8.index(text.startIndex, offsetBy: min(maximumSize, text.utf8.count))
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(String.UnicodeScalarView(text.unicodeScalars[..<end].map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }

    /// An integer.
    public static func text(_ number: Int64) -> String { String(number) }

    /// A number: `1.0` is `1`, as JSON does not tell them apart.
    public static func text(_ number: Double) -> String {
        Int64(exactly: number).map(String.init) ?? number.description
    }

    /// A truth value.
    public static func text(_ flag: Bool) -> String { flag ? "true" : "false" }

    /// Reads the next value; `nil` for `null`, objects and arrays.
    static func next(
        in scanner: inout JSONScanner, of bytes: UnsafeBufferPointer<UInt8>
    ) throws(JSONSyntaxError) -> String? {
        switch scanner.peek() {
        case UInt8(ascii: "\""): return text(try scanner.scanString().text(in: bytes))
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            let number = try scanner.scanNumber()
            let written = String(decoding: bytes[number.range], as: UTF8.self)
            if number.isInteger, let integer = Int64(written) { return text(integer) }
            return Double(written).map { text($0) }
        case let first:
            var facts = JSONFacts()
            _ = try scanner.skipValue(&facts)
            switch first {
            case UInt8(ascii: "t"): return text(true)
            case UInt8(ascii: "f"): return text(false)
            default: return nil
            }
        }
    }
}

internal import Events

/// Writes the members of a JSON object, one after another.
struct MemberWriter {
    private var output = Array("{".utf8)

    /// Appends a text of the log, its escapes decoded. Where that gives no UTF-8 (escaped Latin-1, say) they stay as
    /// written; raw bytes that are no UTF-8 become U+FFFD.
    mutating func append(_ key: String, text: ArraySlice<UInt8>) {
        appendKey(key)
        let decoded = String(validating: Self.unescaped(text), as: UTF8.self)
        JSONString.append((decoded ?? String(decoding: text, as: UTF8.self)).utf8, to: &output)
    }

    /// Appends a number.
    mutating func append(_ key: String, _ value: Int) {
        appendKey(key)
        output += String(value).utf8
    }

    /// The whole object.
    consuming func closed() -> [UInt8] { output + [UInt8(ascii: "}")] }

    private mutating func appendKey(_ key: String) {
        if output.count > 1 { output.append(UInt8(ascii: ",")) }
        output += "\"\(key)\":".utf8
    }

    /// Decodes `\"`, `\\`, `\xhh` and the escapes of C, which Apache and nginx write; others stay as they are.
    private static func unescaped(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.contains(UInt8(ascii: "\\")) else { return text }
        var output: ArraySlice<UInt8> = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.first else {
                output.append(byte)
                continue
            }
            if next == UInt8(ascii: "x"), let code = hexadecimal(rest.dropFirst().prefix(2)) {
                output.append(code)
                rest = rest.dropFirst(3)
            } else if let code = escapes[next] {
                output.append(code)
                rest = rest.dropFirst()
            } else {
                output.append(byte)
            }
        }
        return output
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "n"): 0x0A,
        UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "b"): 0x08, UInt8(ascii: "v"): 0x0B,
        UInt8(ascii: "f"): 0x0C,
    ]

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2, digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-") else {
            return nil
        }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}

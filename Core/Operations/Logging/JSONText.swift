/// JSON as it is put together here: bytes, members in a given order, strings always escaped.
extension [UInt8] {
    /// Appends text as it is: punctuation, numbers, names that need no escape.
    mutating func append(raw text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    /// Appends a JSON string with its quotes. Control characters never get through, so a value cannot break a line.
    mutating func append(jsonString text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append(raw: "\\\"")
            case UInt8(ascii: "\\"): append(raw: "\\\\")
            case UInt8(ascii: "\n"): append(raw: "\\n")
            case UInt8(ascii: "\r"): append(raw: "\\r")
            case UInt8(ascii: "\t"): append(raw: "\\t")
            case 0..<0x20, 0x7F:
                append(raw: "\\u00")
                append(hexDigit: byte >> 4)
                append(hexDigit: byte & 0xF)
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// Appends `"name":`, after a comma unless it is the first member.
    mutating func append(memberName name: String) {
        if last != UInt8(ascii: "{") { append(UInt8(ascii: ",")) }
        append(jsonString: name)
        append(UInt8(ascii: ":"))
    }

    /// Appends `"name":"value"`, after a comma unless it is the first member.
    mutating func append(member name: String, _ value: String) {
        append(memberName: name)
        append(jsonString: value)
    }

    private mutating func append(hexDigit digit: UInt8) {
        append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
}

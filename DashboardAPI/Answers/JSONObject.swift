/// A JSON object, put together member by member in the order given.
///
/// Strings are always escaped, also what HTML would take for markup: values are what anybody sent.
struct JSONObject {
    private(set) var bytes: [UInt8] = []
    private var isEmpty = true

    /// The object as a whole.
    static func bytes(_ write: (inout JSONObject) -> Void) -> [UInt8] {
        var object = JSONObject()
        object.bytes.append(UInt8(ascii: "{"))
        write(&object)
        object.bytes.append(UInt8(ascii: "}"))
        return object.bytes
    }

    /// Only its members, for one that others are added to.
    static func members(_ write: (inout JSONObject) -> Void) -> [UInt8] {
        var object = JSONObject()
        write(&object)
        return object.bytes
    }

    /// Takes members that were written before.
    mutating func append(members: [UInt8]) {
        guard !members.isEmpty else { return }
        if !isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes += members
        isEmpty = false
    }

    /// A text; `nil` is `null`.
    mutating func member(_ name: StaticString, _ text: String?) {
        begin(name)
        if let text { append(text) } else { append(raw: "null") }
    }

    /// A whole number; `nil` is `null`.
    mutating func member(_ name: StaticString, _ number: Int64?) {
        begin(name)
        append(number)
    }

    mutating func member(_ name: StaticString, _ flag: Bool) {
        begin(name)
        append(raw: flag ? "true" : "false")
    }

    /// An array of numbers.
    mutating func member(_ name: StaticString, numbers: [Int64]) {
        begin(name)
        list(numbers) { $0.append($1) }
    }

    /// An object.
    mutating func member(_ name: StaticString, object write: (inout JSONObject) -> Void) {
        begin(name)
        nested(write)
    }

    /// An array of objects.
    mutating func member<Element>(
        _ name: StaticString, _ elements: [Element], _ write: (inout JSONObject, Element) -> Void
    ) {
        begin(name)
        list(elements) { object, element in object.nested { write(&$0, element) } }
    }

    private mutating func list<Element>(_ elements: [Element], _ write: (inout JSONObject, Element) -> Void) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(&self, element)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func nested(_ write: (inout JSONObject) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        isEmpty = true
        write(&self)
        isEmpty = false
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func begin(_ name: StaticString) {
        if !isEmpty { bytes.append(UInt8(ascii: ",")) }
        isEmpty = false
        bytes.append(UInt8(ascii: "\""))
        append(raw: name)
        append(raw: "\":")
    }

    private mutating func append(raw text: StaticString) { text.withUTF8Buffer { bytes.append(contentsOf: $0) } }

    private mutating func append(_ number: Int64?) {
        if let number { bytes.append(contentsOf: String(number).utf8) } else { append(raw: "null") }
    }

    private mutating func append(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append(raw: "\\\"")
            case UInt8(ascii: "\\"): append(raw: "\\\\")
            case 0..<0x20, 0x7F, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
                append(raw: "\\u00")
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 0xF)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Why a JSON text cannot be stored.
enum JSONFault: Error, Equatable {
    case syntax(at: Int)
    case tooDeep
    case numberTooLarge
    case nulInKey
    case notAnObject

    /// For people.
    var reason: String {
        switch self {
        case .syntax(let offset): "metadata is not JSON at byte \(offset)"
        case .tooDeep: "metadata is nested more than \(JSONToBSON.deepest) levels deep"
        case .numberTooLarge: "metadata holds a number beyond what a double can hold"
        case .nulInKey: "metadata holds a key with NUL"
        case .notAnObject: "metadata is not an object"
        }
    }
}

/// Turns JSON text into BSON in one pass, without a tree and without recursion.
///
/// Integers become int32 or int64 where they fit, all other numbers doubles; escapes are decoded, a lone surrogate
/// becomes U+FFFD. The scanner before it has refused what is not JSON (also invalid UTF-8 and duplicate keys);
/// this relies on that for meaning, never for memory: any bytes give BSON or a `JSONFault`.
struct JSONToBSON {
    /// Containers within containers. The contract allows 32; MongoDB itself stops at 100.
    static let deepest = 64

    private struct Container {
        var start: Int
        /// The next index of an array; -1 for an object.
        var index: Int
    }

    private var open: [Container] = []

    init() { open.reserveCapacity(Self.deepest) }

    /// Appends an element whose value is the JSON object in `text`, or `null`. After a fault the writer holds a
    /// part of it, which the caller takes back.
    mutating func append(
        _ name: StaticString, _ text: UnsafeRawBufferPointer, to out: inout BSONWriter
    ) throws(JSONFault) {
        open.removeAll(keepingCapacity: true)
        var text = JSONText(text)
        var slot = out.count
        out.name(name, BSONType.null)
        switch text.nextToken() {
        case UInt8(ascii: "{"), UInt8(ascii: "n"): break
        default: throw .notAnObject
        }
        repeat {
            try value(&text, at: slot, &out)
        } while try proceed(&text, &slot, &out)
    }

    /// Writes a scalar, or opens a container. `slot` is where the element's type belongs.
    private mutating func value(
        _ text: inout JSONText, at slot: Int, _ out: inout BSONWriter
    ) throws(JSONFault) {
        switch text.nextToken() {
        case UInt8(ascii: "\""):
            out.setByte(BSONType.string, at: slot)
            let start = out.begin()
            try text.string(into: &out, isKey: false)
            out.append(UInt8(0))
            out.setLength(out.count - start - 4, at: start)
        case UInt8(ascii: "{"): try push(&text, BSONType.document, index: -1, at: slot, &out)
        case UInt8(ascii: "["): try push(&text, BSONType.array, index: 0, at: slot, &out)
        case UInt8(ascii: "t"):
            try text.literal("true")
            out.setByte(BSONType.bool, at: slot)
            out.append(UInt8(1))
        case UInt8(ascii: "f"):
            try text.literal("false")
            out.setByte(BSONType.bool, at: slot)
            out.append(UInt8(0))
        case UInt8(ascii: "n"):
            try text.literal("null")
            out.setByte(BSONType.null, at: slot)
        default: try number(&text, at: slot, &out)
        }
    }

    private func number(_ text: inout JSONText, at slot: Int, _ out: inout BSONWriter) throws(JSONFault) {
        switch try text.number() {
        case .integer(let value):
            if let small = Int32(exactly: value) {
                out.setByte(BSONType.int32, at: slot)
                out.append(small)
            } else {
                out.setByte(BSONType.int64, at: slot)
                out.append(value)
            }
        case .double(let value):
            out.setByte(BSONType.double, at: slot)
            out.append(value.bitPattern)
        }
    }

    private mutating func push(
        _ text: inout JSONText, _ type: UInt8, index: Int, at slot: Int, _ out: inout BSONWriter
    ) throws(JSONFault) {
        guard open.count < Self.deepest else { throw .tooDeep }
        text.skip()
        out.setByte(type, at: slot)
        open.append(Container(start: out.begin(), index: index))
    }

    /// Goes on to the next element, closing what ends: `false` when the text is complete.
    private mutating func proceed(
        _ text: inout JSONText, _ slot: inout Int, _ out: inout BSONWriter
    ) throws(JSONFault) -> Bool {
        while let container = open.last {
            let isArray = container.index >= 0
            let close = UInt8(ascii: isArray ? "]" : "}")
            let isFirst = out.count == container.start + 4
            let token = text.nextToken()
            if token == close {
                text.skip()
                out.end(container.start)
                open.removeLast()
                continue
            }
            if !isFirst {
                guard token == UInt8(ascii: ",") else { throw text.fault }
                text.skip()
            }
            slot = out.count
            out.append(UInt8(0))
            if isArray {
                out.appendDecimal(container.index)
                open[open.count - 1].index += 1
            } else {
                try key(&text, &out)
            }
            out.append(UInt8(0))
            return true
        }
        guard text.nextToken() == nil else { throw text.fault }
        return false
    }

    private func key(_ text: inout JSONText, _ out: inout BSONWriter) throws(JSONFault) {
        guard text.nextToken() == UInt8(ascii: "\"") else { throw text.fault }
        try text.string(into: &out, isKey: true)
        guard text.nextToken() == UInt8(ascii: ":") else { throw text.fault }
        text.skip()
    }
}

extension BSONWriter {
    /// A non-negative number in decimal digits: the name of an array's element.
    fileprivate mutating func appendDecimal(_ number: Int) {
        if number >= 10 { appendDecimal(number / 10) }
        append(UInt8(ascii: "0") + UInt8(number % 10))
    }
}

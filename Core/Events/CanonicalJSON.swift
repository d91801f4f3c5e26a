/// Writes JSON in a form that is equal for equal content: by what was meant, not by how it was written.
///
/// Object members are ordered by key, of duplicate keys the last counts (as ECMAScript reads them), escapes are
/// decoded, numbers are exact decimals without superfluous digits (`1`, `1.0`, `1e0` are equal; 2^53 and 2^53+1 are
/// not). Every part is tagged and measured, so that no two contents have the same form. It is for hashing, not JSON.
struct CanonicalJSON {
    private(set) var output: [UInt8] = []
    /// Whether any object had a key twice.
    private(set) var foundDuplicateKeys = false
    private let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func append(tag: Character, _ content: some Collection<UInt8>) {
        output.append(tag.asciiValue!)
        appendLength(content.count)
        output.append(contentsOf: content)
    }

    private mutating func appendLength(_ length: Int) {
        withUnsafeBytes(of: UInt32(length).littleEndian) { output.append(contentsOf: $0) }
    }

    /// Appends the value at a place of a text that has been validated, at most `EventRules.maximumMetadataDepth` deep.
    mutating func appendValue(at range: Range<Int>) throws(JSONSyntaxError) {
        var scanner = JSONScanner(bytes, from: range.lowerBound)
        try appendValue(&scanner, depth: 0)
    }

    private mutating func appendValue(_ scanner: inout JSONScanner, depth: Int) throws(JSONSyntaxError) {
        guard depth <= EventRules.maximumMetadataDepth else { throw scanner.failure("nested too deep") }
        switch scanner.peek() {
        case UInt8(ascii: "{"): try appendObject(&scanner, depth: depth)
        case UInt8(ascii: "["): try appendArray(&scanner, depth: depth)
        case UInt8(ascii: "\""): appendString(try scanner.scanString(), tag: "s")
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            var facts = JSONFacts()
            output.append(bytes[try scanner.skipValue(&facts).lowerBound] & 0x5F)
        default: appendNumber(bytes[try scanner.scanNumber().range])
        }
    }

    private mutating func appendArray(_ scanner: inout JSONScanner, depth: Int) throws(JSONSyntaxError) {
        scanner.index += 1
        output.append(UInt8(ascii: "["))
        if !scanner.take(UInt8(ascii: "]")) {
            repeat { try appendValue(&scanner, depth: depth + 1) } while scanner.take(UInt8(ascii: ","))
            try scanner.expect(UInt8(ascii: "]"), "',' or ']' in an array")
        }
        output.append(UInt8(ascii: "]"))
    }

    private struct Member {
        var key: Range<Int>
        var whole: Range<Int>
    }

    private mutating func appendObject(_ scanner: inout JSONScanner, depth: Int) throws(JSONSyntaxError) {
        scanner.index += 1
        output.append(UInt8(ascii: "{"))
        let start = output.count
        var members: [Member] = []
        if !scanner.take(UInt8(ascii: "}")) {
            repeat {
                let memberStart = output.count
                appendString(try scanner.scanKey(), tag: "k")
                let key = memberStart + 5..<output.count
                try appendValue(&scanner, depth: depth + 1)
                members.append(Member(key: key, whole: memberStart..<output.count))
            } while scanner.take(UInt8(ascii: ","))
            try scanner.expect(UInt8(ascii: "}"), "',' or '}' in an object")
        }
        order(members, from: start)
        output.append(UInt8(ascii: "}"))
    }

    /// Puts members, which lie in `output` from `start` on, in order of their keys; the last of equal keys stays.
    private mutating func order(_ members: [Member], from start: Int) {
        func precedes(_ left: Member, _ right: Member) -> Bool {
            output[left.key].lexicographicallyPrecedes(output[right.key])
        }
        if zip(members, members.dropFirst()).allSatisfy({ precedes($0, $1) }) { return }
        let sorted = members.sorted { left, right in
            // Equal keys stay in order of appearance: the sort need not be stable.
            precedes(left, right) || !precedes(right, left) && left.whole.lowerBound < right.whole.lowerBound
        }
        var ordered: [UInt8] = []
        ordered.reserveCapacity(output.count - start)
        for (index, member) in sorted.enumerated() {
            if index + 1 < sorted.count, output[sorted[index + 1].key].elementsEqual(output[member.key]) {
                foundDuplicateKeys = true
            } else {
                ordered.append(contentsOf: output[member.whole])
            }
        }
        output.replaceSubrange(start..., with: ordered)
    }

    private mutating func appendString(_ string: JSONString, tag: Character) {
        output.append(tag.asciiValue!)
        let lengthAt = output.count
        appendLength(0)
        string.appendDecoded(in: bytes, to: &output)
        let length = UInt32(output.count - lengthAt - 4)
        for index in 0..<4 { output[lengthAt + index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
    }

    /// A number as sign, digits without zeros at either end, and a power of ten.
    private mutating func appendNumber(_ text: UnsafeBufferPointer<UInt8>.SubSequence) {
        let isNegative = text.first == UInt8(ascii: "-")
        let mantissaEnd = text.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? text.endIndex
        let mantissa = text[..<mantissaEnd]
        let point = mantissa.firstIndex(of: UInt8(ascii: "."))
        var digits = mantissa.filter { $0 &- UInt8(ascii: "0") < 10 }
        let written = mantissaEnd < text.endIndex ? text[(mantissaEnd + 1)...] : text[text.endIndex...]
        // An exponent past Int's range has been refused by the scanner unless the number is 0 or tiny: clamp it.
        var exponent =
            Int(String(decoding: written, as: UTF8.self)) ?? (written.first == UInt8(ascii: "-") ? -1 << 40 : 0)
        exponent -= point.map { mantissaEnd - $0 - 1 } ?? 0
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        digits = Array(digits.drop { $0 == UInt8(ascii: "0") })
        if digits.isEmpty { return append(tag: "n", "0".utf8) }
        append(tag: "n", Array("\(isNegative ? "-" : "")".utf8) + digits + Array("e\(exponent)".utf8))
    }
}

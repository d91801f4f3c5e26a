/// Writes JSON in a form that is equal for equal content: by what was meant, not by how it was written.
///
/// Object members are ordered by key, of duplicate keys the last counts (as ECMAScript reads them), escapes are
/// decoded, numbers are exact decimals without superfluous digits (`1`, `1.0`, `1e0` are equal; 2^53 and 2^53+1 are
/// not). Every part has a tag and an end of its own, so that no two contents have the same form. It is for hashing,
/// not JSON.
struct CanonicalJSON {
    private(set) var output: [UInt8] = []
    /// Whether stores could read something else than was meant: see `UniqueKeys`.
    private(set) var needsRewriting = false
    private var bytes = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    /// Of all objects that are being read, the innermost one's last.
    private var members: [Member] = []
    private var ordered: [UInt8] = []

    /// A member in `output`.
    private struct Member {
        /// The key's first eight bytes: decides nearly all comparisons.
        var prefix: UInt64
        var key: Range<Int>
        var end: Int
        var start: Int { key.lowerBound - 1 }
    }

    /// Begins anew with a text, in the memory of the one before.
    mutating func begin(_ bytes: UnsafeBufferPointer<UInt8>, capacity: Int) {
        (self.bytes, needsRewriting) = (bytes, false)
        output.removeAll(keepingCapacity: true)
        members.removeAll(keepingCapacity: true)
        output.reserveCapacity(capacity)
        members.reserveCapacity(24)
    }

    /// Appends a text; 0xFF ends it, which is in no UTF-8.
    mutating func append(tag: Unicode.Scalar, _ text: String) {
        output.append(UInt8(ascii: tag))
        output.append(contentsOf: text.utf8)
        output.append(0xFF)
    }

    /// Appends an integer of fixed width.
    mutating func append(tag: Unicode.Scalar, _ value: Int64) {
        output.append(UInt8(ascii: tag))
        for shift in stride(from: 56, through: 0, by: -8) { output.append(UInt8(truncatingIfNeeded: value >> shift)) }
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
        default: appendNumber(try scanner.scanNumber())
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

    private mutating func appendObject(_ scanner: inout JSONScanner, depth: Int) throws(JSONSyntaxError) {
        scanner.index += 1
        output.append(UInt8(ascii: "{"))
        let outer = members.count
        if !scanner.take(UInt8(ascii: "}")) {
            repeat {
                let keyStart = output.count + 1
                appendString(try scanner.scanKey(), tag: "k")
                let key = keyStart..<output.count
                let prefix = prefix(of: key)
                try appendValue(&scanner, depth: depth + 1)
                members.append(Member(prefix: prefix, key: key, end: output.count))
            } while scanner.take(UInt8(ascii: ","))
            try scanner.expect(UInt8(ascii: "}"), "',' or '}' in an object")
        }
        order(from: outer)
        members.removeLast(members.count - outer)
        output.append(UInt8(ascii: "}"))
    }

    private mutating func appendString(_ string: JSONString, tag: Unicode.Scalar) {
        output.append(UInt8(ascii: tag))
        if string.isEscaped {
            needsRewriting = !string.appendDecoded(in: bytes, to: &output) || needsRewriting
        } else {
            output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[string.content]))
        }
        output.append(0xFF)
    }
}

extension CanonicalJSON {
    /// Puts the innermost object's members in order of their keys; the last of equal keys stays.
    private mutating func order(from outer: Int) {
        guard members.count - outer > 1, !isOrdered(from: outer) else { return }
        Self.sort(&members, from: outer, in: output)
        ordered.removeAll(keepingCapacity: true)
        ordered.reserveCapacity(output.count)
        var start = output.count
        for index in outer..<members.count {
            let member = members[index]
            start = min(start, member.start)
            if index + 1 < members.count, output[members[index + 1].key].elementsEqual(output[member.key]) {
                needsRewriting = true
            } else {
                output.withUnsafeBufferPointer {
                    ordered.append(contentsOf: UnsafeBufferPointer(rebasing: $0[member.start..<member.end]))
                }
            }
        }
        output.removeLast(output.count - start)
        output.append(contentsOf: ordered)
    }

    private func prefix(of key: Range<Int>) -> UInt64 {
        output.withUnsafeBytes { output in
            guard key.count < 8 else {
                return UInt64(bigEndian: output.loadUnaligned(fromByteOffset: key.lowerBound, as: UInt64.self))
            }
            return key.reduce(0) { $0 << 8 | UInt64(output[$1]) } << UInt64(64 - 8 * key.count)
        }
    }

    private func isOrdered(from outer: Int) -> Bool {
        output.withUnsafeBufferPointer { output in
            (outer + 1..<members.count).allSatisfy { Self.precedes(members[$0 - 1], members[$0], in: output) }
        }
    }

    private static func sort(_ members: inout [Member], from outer: Int, in output: [UInt8]) {
        output.withUnsafeBufferPointer { output in
            members.withUnsafeMutableBufferPointer { all in
                var innermost = UnsafeMutableBufferPointer(rebasing: all[outer...])
                // Equal keys stay in order of appearance: the sort need not be stable.
                innermost.sort { left, right in
                    precedes(left, right, in: output)
                        || left.start < right.start && !precedes(right, left, in: output)
                }
            }
        }
    }

    @inline(__always)
    private static func precedes(_ left: Member, _ right: Member, in output: UnsafeBufferPointer<UInt8>) -> Bool {
        left.prefix == right.prefix
            ? output[left.key].lexicographicallyPrecedes(output[right.key]) : left.prefix < right.prefix
    }
}

extension CanonicalJSON {
    /// A number as sign, digits without zeros at either end, and a power of ten.
    private mutating func appendNumber(_ number: JSONScanner.Number) {
        output.append(UInt8(ascii: "n"))
        let start = output.count
        var (zeros, fractionDigits, isFraction) = (0, 0, false)
        var index = number.range.lowerBound
        let isNegative = bytes[index] == UInt8(ascii: "-")
        scan: while index < number.range.upperBound {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "-"): break
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "0"):
                zeros += output.count > start ? 1 : 0
                fractionDigits += isFraction ? 1 : 0
            case UInt8(ascii: "1")...UInt8(ascii: "9"):
                if output.count == start && isNegative { output.append(UInt8(ascii: "-")) }
                if zeros > 0 { output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: zeros)) }
                output.append(byte)
                zeros = 0
                fractionDigits += isFraction ? 1 : 0
            default: break scan
            }
            index += 1
        }
        guard output.count > start else { return output.append(UInt8(ascii: "0")) }
        needsRewriting = needsRewriting || number.exceedsInt64(in: bytes)
        let exponent = exponent(in: index..<number.range.upperBound) + zeros - fractionDigits
        output.append(UInt8(ascii: "e"))
        if 0..<10 ~= exponent {
            output.append(UInt8(ascii: "0") + UInt8(exponent))
        } else {
            output.append(contentsOf: String(exponent).utf8)
        }
    }

    /// The value of `e±digits`, or 0 without them. Cut off far beyond what tells a double from 0, so that no sum of it
    /// overflows.
    private func exponent(in range: Range<Int>) -> Int {
        guard range.count > 1 else { return 0 }
        let digits = bytes[range].dropFirst()
        let magnitude = digits.reduce(0) { value, byte in
            byte &- UInt8(ascii: "0") < 10 ? min(value * 10 + Int(byte - UInt8(ascii: "0")), 1 << 40) : value
        }
        return digits.first == UInt8(ascii: "-") ? -magnitude : magnitude
    }
}

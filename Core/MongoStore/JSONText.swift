/// A place in a JSON text, and the scalars that can be read there.
struct JSONText {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// A fault at the place reached.
    var fault: JSONFault { .syntax(at: position) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The next byte that is not white space, not consumed; `nil` at the end.
    @inline(__always)
    mutating func nextToken() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    /// Consumes the byte that `nextToken` showed.
    mutating func skip() { position += 1 }

    mutating func literal(_ word: StaticString) throws(JSONFault) {
        let wanted = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard bytes.count - position >= wanted.count,
            bytes[position..<position + wanted.count].elementsEqual(wanted)
        else { throw fault }
        position += wanted.count
    }
}

/// Strings.
extension JSONText {
    /// Reads the string that begins at the quote shown, and appends its decoded bytes, without NUL at the end.
    mutating func string(into out: inout BSONWriter, isKey: Bool) throws(JSONFault) {
        position += 1
        while true {
            let start = position
            while position < bytes.count, Self.isPlain(bytes[position]) { position += 1 }
            out.append(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
            switch current {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &out, isKey: isKey)
            default: throw fault
            }
        }
    }

    /// Whether a byte stands for itself within a string.
    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func escape(into out: inout BSONWriter, isKey: Bool) throws(JSONFault) {
        guard let byte = current else { throw fault }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(UInt8(0x08))
        case UInt8(ascii: "f"): out.append(UInt8(0x0C))
        case UInt8(ascii: "n"): out.append(UInt8(0x0A))
        case UInt8(ascii: "r"): out.append(UInt8(0x0D))
        case UInt8(ascii: "t"): out.append(UInt8(0x09))
        case UInt8(ascii: "u"):
            let scalar = try codePoint()
            if isKey, scalar.value == 0 { throw .nulInKey }
            for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { out.append(unit) }
        default: throw fault
        }
    }

    /// What one `\u` escape, or two that are a surrogate pair, stand for; U+FFFD for a lone surrogate.
    private mutating func codePoint() throws(JSONFault) -> Unicode.Scalar {
        let first = try hex4()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let start = position
        if first < 0xDC00, current == UInt8(ascii: "\\") {
            position += 1
            if current == UInt8(ascii: "u") {
                position += 1
                let second = try hex4()
                if (0xDC00...0xDFFF).contains(second),
                    let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
                {
                    return scalar
                }
            }
        }
        position = start
        return "\u{FFFD}"
    }

    private mutating func hex4() throws(JSONFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = current.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else { throw fault }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}

/// Numbers.
extension JSONText {
    enum Number {
        case integer(Int64)
        case double(Double)
    }

    /// Reads a number: an integer where the text is one that int64 can hold, else the nearest double.
    mutating func number() throws(JSONFault) -> Number {
        let start = position
        let isNegative = current == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let leadsWithZero = current == UInt8(ascii: "0")
        var decimal = Decimal()
        let whole = digits(&decimal)
        guard whole > 0, !leadsWithZero || whole == 1 else { throw fault }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            position += 1
            isInteger = false
            let fraction = digits(&decimal)
            guard fraction > 0 else { throw fault }
            decimal.exponent = -fraction
        }
        if current.map({ $0 | 0x20 }) == UInt8(ascii: "e") {
            isInteger = false
            try exponent(&decimal)
        }
        if isInteger, let exact = decimal.integer(isNegative: isNegative) { return .integer(exact) }
        if let exact = decimal.double(isNegative: isNegative) { return .double(exact) }
        return .double(try slowDouble(from: start))
    }

    private mutating func digits(_ decimal: inout Decimal) -> Int {
        let start = position
        while let byte = current, byte &- UInt8(ascii: "0") < 10 {
            decimal.add(digit: byte - UInt8(ascii: "0"))
            position += 1
        }
        return position - start
    }

    private mutating func exponent(_ decimal: inout Decimal) throws(JSONFault) {
        position += 1
        let isNegative = current == UInt8(ascii: "-")
        if isNegative || current == UInt8(ascii: "+") { position += 1 }
        var power = Decimal()
        guard digits(&power) > 0 else { throw fault }
        // What is past four digits is zero or infinite however it is written: the slow way says which.
        guard !power.overflowed, power.digits < 10_000 else {
            decimal.overflowed = true
            return
        }
        decimal.exponent += isNegative ? -Int(power.digits) : Int(power.digits)
    }

    /// The standard library's parser, which rounds correctly whatever the length.
    private func slowDouble(from start: Int) throws(JSONFault) -> Double {
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else { throw fault }
        guard value.isFinite else { throw .numberTooLarge }
        return value
    }
}

/// A number's digits without the point, and the power of ten they are multiplied by.
private struct Decimal {
    var digits: UInt64 = 0
    var exponent = 0
    /// More digits than `digits` can hold.
    var overflowed = false

    @inline(__always)
    mutating func add(digit: UInt8) {
        let (tens, over) = digits.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
        digits = sum
        overflowed = overflowed || over || carry
    }

    func integer(isNegative: Bool) -> Int64? {
        guard !overflowed else { return nil }
        if !isNegative { return Int64(exactly: digits) }
        if digits == 0 { return nil }  // -0 is a double
        return digits == 1 << 63 ? .min : Int64(exactly: digits).map { -$0 }
    }

    /// Exact where digits and power of ten are both exact as doubles (Clinger's fast path); else `nil`.
    func double(isNegative: Bool) -> Double? {
        guard !overflowed, digits <= 1 << 53, abs(exponent) <= 22 else { return nil }
        let power = Self.powers[abs(exponent)]
        let magnitude = exponent < 0 ? Double(digits) / power : Double(digits) * power
        return isNegative ? -magnitude : magnitude
    }

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
        1e19, 1e20, 1e21, 1e22,
    ]
}

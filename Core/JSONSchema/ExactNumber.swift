/// A decimal number as it was written, whatever its size: `digits` × 10^`exponent`.
struct ExactNumber {
    private(set) var isNegative = false
    /// Values 0 to 9, the highest first, no zero at either end; empty for 0.
    private(set) var digits: [UInt8] = []
    private(set) var exponent = 0

    /// Reads a valid JSON number.
    init(_ text: UnsafeBufferPointer<UInt8>) {
        var (fractionDigits, isFraction, index) = (0, false, 0)
        digits.reserveCapacity(text.count)
        while index < text.count, text[index] | 0x20 != UInt8(ascii: "e") {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            default:
                if byte != UInt8(ascii: "0") || !digits.isEmpty { digits.append(byte - UInt8(ascii: "0")) }
                fractionDigits += isFraction ? 1 : 0
            }
            index += 1
        }
        exponent = Self.exponent(text, from: index + 1) - fractionDigits
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        if digits.isEmpty { (isNegative, exponent) = (false, 0) }
    }

    /// Cut off far beyond what tells a double from 0, so that no sum of it overflows.
    private static func exponent(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard start < text.count else { return 0 }
        var magnitude = 0
        for index in start..<text.count where text[index] &- UInt8(ascii: "0") < 10 {
            magnitude = min(magnitude * 10 + Int(text[index] - UInt8(ascii: "0")), 1 << 40)
        }
        return text[start] == UInt8(ascii: "-") ? -magnitude : magnitude
    }

    /// Whether there is nothing after the decimal point.
    var isInteger: Bool { exponent >= 0 }

    /// The value, where it is an integer from 0 to 10^15.
    var count: Int? {
        guard !isNegative, isInteger, digits.count + exponent <= 15 else { return nil }
        return (digits + [UInt8](repeating: 0, count: exponent)).reduce(0) { $0 * 10 + Int($1) }
    }
}

extension ExactNumber: Comparable {
    static func < (left: ExactNumber, right: ExactNumber) -> Bool { left.order(right) < 0 }
    static func == (left: ExactNumber, right: ExactNumber) -> Bool { left.order(right) == 0 }

    /// Less than, equal to or more than 0 as this number is to the other.
    func order(_ other: ExactNumber) -> Int {
        guard sign == other.sign, sign != 0 else { return sign - other.sign }
        return sign * magnitudeOrder(other)
    }

    private var sign: Int { digits.isEmpty ? 0 : isNegative ? -1 : 1 }

    private func magnitudeOrder(_ other: ExactNumber) -> Int {
        let (left, right) = (digits.count + exponent, other.digits.count + other.exponent)
        if left != right { return left < right ? -1 : 1 }
        if digits == other.digits { return 0 }
        return digits.lexicographicallyPrecedes(other.digits) ? -1 : 1
    }
}

/// What a number is to be a multiple of: a positive decimal of at most 18 digits.
struct Divisor {
    static let maximumDigits = 18
    private let digits: UInt64
    private let exponent: Int

    /// Refuses what is not positive or has more digits.
    init?(_ number: ExactNumber) {
        guard !number.isNegative, 1...Self.maximumDigits ~= number.digits.count else { return nil }
        digits = number.digits.reduce(0) { $0 * 10 + UInt64($1) }
        exponent = number.exponent
    }

    /// Whether a number is this one times an integer.
    func divides(_ number: ExactNumber) -> Bool {
        guard !number.digits.isEmpty else { return true }
        // A power of ten that is missing would have to be in the digits, which end with no zero.
        guard number.exponent >= exponent else { return false }
        let rest = number.digits.reduce(UInt64(0)) { ($0 * 10 + UInt64($1)) % digits }
        return product(rest, powerOfTen(number.exponent - exponent)) == 0
    }

    private func powerOfTen(_ power: Int) -> UInt64 {
        var (result, square, rest) = (1 % digits, 10 % digits, power)
        while rest > 0 {
            if rest & 1 == 1 { result = product(result, square) }
            square = product(square, square)
            rest >>= 1
        }
        return result
    }

    private func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
        digits.dividingFullWidth(left.multipliedFullWidth(by: right)).remainder
    }
}

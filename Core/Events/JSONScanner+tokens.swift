extension JSONScanner {
    /// A number's place, and whether its value may be beyond a double's range.
    public struct Number {
        /// The number's bytes.
        public var range: Range<Int>
        /// Digits only, with or without a minus sign.
        public var isInteger: Bool
        /// It has an exponent or so many digits that it might overflow.
        var isSuspicious: Bool

        /// Whether it is written as an integer, and beyond 64 bits with sign.
        func exceedsInt64(in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
            isInteger && range.count >= 19 && Int64(String(decoding: bytes[range], as: UTF8.self)) == nil
        }
    }

    /// Reads a string, its quotation mark being next after white space.
    @inline(__always)
    public mutating func scanString() throws(JSONSyntaxError) -> JSONString {
        try expect(UInt8(ascii: "\""), "a string")
        let start = index
        skipPlainText()
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return try scanRest(from: start) }
        index += 1
        return JSONString(content: start..<(index - 1), isEscaped: false)
    }

    /// Reads the rest of a string that is not plain ASCII throughout.
    @inline(never)
    private mutating func scanRest(from start: Int) throws(JSONSyntaxError) -> JSONString {
        var escaped = false
        while true {
            guard index < bytes.count else { throw failure("expected the end of a string") }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return JSONString(content: start..<(index - 1), isEscaped: escaped)
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
                try skipEscape()
            } else if byte < 0x20 {
                throw failure("a control character inside a string must be escaped")
            } else {
                try skipMultibyte(byte)
            }
            skipPlainText()
        }
    }

    /// Skips ASCII that needs no look, eight bytes at a time.
    ///
    /// The tests for a zero byte, and for a byte below a bound, in a word: Warren, Hacker's Delight, section 6-1.
    @inline(__always)
    private mutating func skipPlainText() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        while bytes.count - index >= 8 {
            let word = UnsafeRawPointer(bytes.baseAddress! + index).loadUnaligned(as: UInt64.self)
            let quotes = word ^ (ones &* 0x22)
            let backslashes = word ^ (ones &* 0x5C)
            let stops =
                ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
                | ((word &- ones &* 0x20) & ~word) | word
            let found = UInt64(littleEndian: stops) & highs
            if found != 0 {
                index += found.trailingZeroBitCount >> 3
                return
            }
            index += 8
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5C { return }
            index += 1
        }
    }

    private mutating func skipEscape() throws(JSONSyntaxError) {
        index += 1
        guard index < bytes.count else { throw failure("expected an escape") }
        switch bytes[index] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 1
        case UInt8(ascii: "u"):
            index += 1
            for _ in 0..<4 {
                guard index < bytes.count, hexDigit(bytes[index]) != nil else {
                    throw failure("expected four hexadecimal digits after \\u")
                }
                index += 1
            }
        default: throw failure("unknown escape")
        }
    }

    /// Skips one well-formed multi-byte sequence (Unicode 15.0, table 3-7).
    private mutating func skipMultibyte(_ lead: UInt8) throws(JSONSyntaxError) {
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: (0, 0...0)
            }
        guard length > 0, bytes.count - index >= length, second.contains(bytes[index + 1]) else {
            throw JSONSyntaxError("not valid UTF-8", at: index)
        }
        for offset in 2..<max(2, length) where bytes[index + offset] & 0xC0 != 0x80 {
            throw JSONSyntaxError("not valid UTF-8", at: index)
        }
        index += length
    }

    /// Reads a number, which must be next after white space.
    public mutating func scanNumber() throws(JSONSyntaxError) -> Number {
        _ = peek()
        let start = index
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
        let digits = skipDigits()
        guard digits > 0 else {
            index = start
            throw failure("expected a value")
        }
        if digits > 1 && bytes[index - digits] == UInt8(ascii: "0") {
            throw JSONSyntaxError("a number may not begin with 0", at: index - digits)
        }
        var isInteger = true
        var hasExponent = false
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            isInteger = false
            guard skipDigits() > 0 else { throw failure("expected digits after '.'") }
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            (isInteger, hasExponent) = (false, true)
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            guard skipDigits() > 0 else { throw failure("expected digits in an exponent") }
        }
        return Number(range: start..<index, isInteger: isInteger, isSuspicious: hasExponent || digits > 300)
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
        return index - start
    }
}

/// The value of a hexadecimal digit; `nil` for any other byte.
func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
}

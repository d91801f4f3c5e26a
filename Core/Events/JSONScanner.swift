/// Why a text is not JSON, and where.
public struct JSONSyntaxError: Error, Equatable, Sendable {
    /// What was expected or found, for people.
    public let reason: String
    /// The byte at which the scanner stopped, from the start of the text.
    public let offset: Int

    /// Describes an error.
    public init(_ reason: String, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

/// What a scan noticed about a value besides its being valid JSON.
public struct JSONFacts: Sendable, Equatable {
    /// The deepest nesting: 0 for a scalar, 1 for an object or array of scalars.
    public var depth = 0
    /// An object key that begins with `$`.
    public var hasDollarKey = false
    /// An object key with U+0000 in it.
    public var hasNulKey = false
    /// A number that no finite double can hold, such as `1e400`.
    public var hasOverflow = false

    /// Nothing noticed yet.
    public init() {}

    mutating func note(_ decodedKey: [UInt8]) {
        hasDollarKey = hasDollarKey || decodedKey.first == UInt8(ascii: "$")
        hasNulKey = hasNulKey || decodedKey.contains(0)
    }
}

/// A string of a scanned text: the bytes between the quotation marks.
public struct JSONString: Sendable, Equatable {
    /// The bytes between the quotation marks, as written.
    public var content: Range<Int>
    /// Whether there are escapes to be decoded.
    public var isEscaped: Bool

    /// Describes a string that a scanner has found.
    public init(content: Range<Int>, isEscaped: Bool) { (self.content, self.isEscaped) = (content, isEscaped) }
}

/// A validating scanner of JSON (RFC 8259) over bytes. It returns ranges and builds nothing.
///
/// Checks syntax, UTF-8 (no overlong forms, no surrogates), control characters and numbers. Nesting is followed on a
/// bit stack, so hostile depth costs neither stack nor time. Duplicate keys are left to the caller.
public struct JSONScanner {
    /// The deepest nesting that is followed; deeper text is refused as a whole.
    public static let maximumDepth = 512

    let bytes: UnsafeBufferPointer<UInt8>
    /// The next byte to read.
    public var index: Int

    /// Scans `bytes`, which must outlive the scanner, from a place in it.
    public init(_ bytes: UnsafeBufferPointer<UInt8>, from index: Int = 0) {
        self.bytes = bytes
        self.index = index
    }

    /// Whether all bytes have been read.
    public var isAtEnd: Bool { index >= bytes.count }

    /// The next byte that is not white space, without reading it; `nil` at the end.
    @inline(__always)
    public mutating func peek() -> UInt8? {
        while index < bytes.count {
            let byte = bytes[index]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            index += 1
        }
        return nil
    }

    /// Reads this byte if it is next after white space.
    @inline(__always)
    public mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        index += 1
        return true
    }

    /// Reads this byte, which must be next after white space.
    @inline(__always)
    public mutating func expect(_ byte: UInt8, _ what: String) throws(JSONSyntaxError) {
        guard take(byte) else { throw failure("expected \(what)") }
    }

    func failure(_ reason: String) -> JSONSyntaxError {
        JSONSyntaxError(index < bytes.count ? reason : "\(reason), found the end of the text", at: index)
    }

    /// Reads one value of any kind and says where it was.
    public mutating func skipValue(_ facts: inout JSONFacts) throws(JSONSyntaxError) -> Range<Int> {
        _ = peek()
        let start = index
        var stack = ContainerStack()
        repeat {
            try readScalarOrOpen(&stack, &facts)
            try closeFinished(&stack, &facts)
        } while !stack.isEmpty
        return start..<index
    }

    /// Reads a scalar, or opens containers until a value inside must be read or one is empty.
    @inline(__always)
    private mutating func readScalarOrOpen(
        _ stack: inout ContainerStack, _ facts: inout JSONFacts
    ) throws(JSONSyntaxError) {
        while true {
            switch peek() {
            case UInt8(ascii: "{"):
                try open(.object, &stack, &facts)
                if peek() == UInt8(ascii: "}") { return }
                try readKey(&facts)
            case UInt8(ascii: "["):
                try open(.array, &stack, &facts)
                if peek() == UInt8(ascii: "]") { return }
            case UInt8(ascii: "\""):
                _ = try scanString()
                return
            case UInt8(ascii: "t"): return try literal("true")
            case UInt8(ascii: "f"): return try literal("false")
            case UInt8(ascii: "n"): return try literal("null")
            default:
                let number = try scanNumber()
                if number.isSuspicious { facts.hasOverflow = facts.hasOverflow || overflows(number.range) }
                return
            }
        }
    }

    @inline(__always)
    private mutating func open(
        _ container: ContainerStack.Container, _ stack: inout ContainerStack, _ facts: inout JSONFacts
    ) throws(JSONSyntaxError) {
        guard stack.depth < Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth) levels") }
        index += 1
        stack.push(container)
        facts.depth = max(facts.depth, stack.depth)
    }

    /// After a value: reads closing brackets, up to the comma (and key) before the next value, or the end.
    @inline(__always)
    private mutating func closeFinished(
        _ stack: inout ContainerStack, _ facts: inout JSONFacts
    ) throws(JSONSyntaxError) {
        while !stack.isEmpty {
            let isObject = stack.top == .object
            let byte = peek()
            if byte == UInt8(ascii: ",") {
                index += 1
                if isObject { try readKey(&facts) }
                return
            }
            guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw failure(isObject ? "expected ',' or '}' in an object" : "expected ',' or ']' in an array")
            }
            index += 1
            stack.pop()
        }
    }

    @inline(__always)
    private mutating func readKey(_ facts: inout JSONFacts) throws(JSONSyntaxError) {
        let key = try scanKey()
        if key.isEscaped {
            facts.note(key.decoded(in: bytes))
        } else if bytes[key.content.lowerBound] == UInt8(ascii: "$") {
            // An empty key has its closing quotation mark there.
            facts.hasDollarKey = true
        }
    }

    /// Reads an object's key and the colon after it.
    @inline(__always)
    public mutating func scanKey() throws(JSONSyntaxError) -> JSONString {
        guard peek() == UInt8(ascii: "\"") else { throw failure("expected a key in quotation marks") }
        let key = try scanString()
        try expect(UInt8(ascii: ":"), "':' after a key")
        return key
    }

    private mutating func literal(_ word: StaticString) throws(JSONSyntaxError) {
        guard bytes.count - index >= word.utf8CodeUnitCount else { throw failure("expected \(word)") }
        for offset in 0..<word.utf8CodeUnitCount where bytes[index + offset] != word.utf8Start[offset] {
            throw failure("expected \(word)")
        }
        index += word.utf8CodeUnitCount
    }

    private func overflows(_ number: Range<Int>) -> Bool {
        Double(String(decoding: bytes[number], as: UTF8.self))?.isInfinite ?? true
    }
}

/// Which brackets are open, one bit a level.
private struct ContainerStack {
    enum Container { case object, array }

    /// The innermost levels, the last in the lowest bit.
    private var word: UInt64 = 0
    /// The words of 64 levels each that lie further out.
    private var outer = InlineArray<8, UInt64>(repeating: 0)
    private(set) var depth = 0

    var isEmpty: Bool { depth == 0 }

    /// The innermost container; there must be one.
    var top: Container { word & 1 == 0 ? .array : .object }

    @inline(__always)
    mutating func push(_ container: Container) {
        if depth & 63 == 0 && depth > 0 { outer[depth >> 6 - 1] = word }
        word = word << 1 | (container == .object ? 1 : 0)
        depth += 1
    }

    @inline(__always)
    mutating func pop() {
        depth -= 1
        word = depth & 63 == 0 && depth > 0 ? outer[depth >> 6 - 1] : word >> 1
    }
}

import Events

/// What the scanner says of a text, in the words of `oracle.py`.
struct Verdict {
    let line: String
    /// The metadata of a good event as stores are given it; empty where there is none.
    let rewritten: [UInt8]

    /// 2026-01-01T00:00:00Z, the clock.
    private static let now: Int64 = 1_767_225_600_000

    init(of text: [UInt8]) {
        // Of just its size: an array has room to spare, in which a read too far would pass.
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.count)
        _ = bytes.initialize(from: text)
        defer { bytes.deallocate() }
        self.init(UnsafeBufferPointer(bytes))
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        let event = Self.event(bytes)
        var (scanner, facts) = (JSONScanner(bytes), JSONFacts())
        guard (try? scanner.skipValue(&facts)) != nil, scanner.peek() == nil else {
            // What is no JSON is no event either.
            (line, rewritten) = (event == nil ? "0" : "0, but an event", [])
            return
        }
        let marks = (facts.hasDollarKey ? "$" : "") + (facts.hasNulKey ? "0" : "") + (facts.hasOverflow ? "^" : "")
        var strings = StringWalk(bytes)
        let checksum = strings.checksum().map { String($0) } ?? "cannot be walked"
        let rewriting = event.map { Self.rewriting($0, bytes) } ?? (mark: "-", text: [])
        rewritten = rewriting.text
        line = "1 \(facts.depth) \(marks.isEmpty ? "-" : marks) \(checksum) \(rewriting.mark)"
    }

    /// The text as an event without a fault; `nil` where it is none.
    private static func event(_ bytes: UnsafeBufferPointer<UInt8>) -> ScannedEvent? {
        var events = EventScanner(bytes, now: now)
        guard let event = try? events.next(), events.scanner.peek() == nil, event.violation == nil else { return nil }
        return event
    }

    private static func digest(
        of event: ScannedEvent, _ bytes: UnsafeBufferPointer<UInt8>
    ) -> (digest: Digest128, needsRewriting: Bool)? {
        var hasher = PayloadHasher()
        return try? hasher.hash(event, in: bytes, hasOwnTime: true)
    }

    /// Rewrites an event's metadata, and sees that its digest stays.
    private static func rewriting(
        _ event: ScannedEvent, _ bytes: UnsafeBufferPointer<UInt8>
    ) -> (mark: String, text: [UInt8]) {
        guard let metadata = event.metadata else { return ("-", []) }
        guard let text = try? event.metadataWithUniqueKeys(in: bytes),
            let digest = Self.digest(of: event, bytes)
        else { return ("cannot be rewritten", []) }
        let whole = Array(bytes[..<metadata.lowerBound]) + text + Array(bytes[metadata.upperBound...])
        let isSame = whole.withUnsafeBufferPointer { bytes in
            self.event(bytes).flatMap { Self.digest(of: $0, bytes) }.map {
                $0.digest == digest.digest && !$0.needsRewriting
            } ?? false
        }
        return (isSame ? "=" : "another digest when rewritten", text)
    }
}

/// Reads a valid text token by token, and sums up its strings.
private struct StringWalk {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var scanner: JSONScanner
    private var crc = CRC32()

    init(_ bytes: UnsafeBufferPointer<UInt8>) { (self.bytes, scanner) = (bytes, JSONScanner(bytes)) }

    mutating func checksum() -> UInt32? { (try? value()) == nil ? nil : crc.value }

    private mutating func value() throws(JSONSyntaxError) {
        switch scanner.peek() {
        case UInt8(ascii: "{"):
            try container("{", "}") { walk throws(JSONSyntaxError) in
                walk.note(try walk.scanner.scanKey())
                try walk.value()
            }
        case UInt8(ascii: "["): try container("[", "]") { walk throws(JSONSyntaxError) in try walk.value() }
        case UInt8(ascii: "\""): note(try scanner.scanString())
        default:
            var facts = JSONFacts()
            _ = try scanner.skipValue(&facts)
        }
    }

    private mutating func container(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ member: (inout StringWalk) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        try scanner.expect(UInt8(ascii: open), "a container")
        guard !scanner.take(UInt8(ascii: close)) else { return }
        repeat { try member(&self) } while scanner.take(UInt8(ascii: ","))
        try scanner.expect(UInt8(ascii: close), "the end of a container")
    }

    private mutating func note(_ string: JSONString) {
        crc.add(string.decoded(in: bytes))
        crc.add([0xFF])
    }
}

/// The checksum of ISO 3309, as zlib has it.
private struct CRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
    }

    private var state: UInt32 = ~0
    var value: UInt32 { ~state }

    mutating func add(_ bytes: [UInt8]) {
        for byte in bytes { state = Self.table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ state >> 8 }
    }
}

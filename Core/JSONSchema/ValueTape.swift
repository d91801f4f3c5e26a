import Events

/// A JSON text's values in the order in which they are written: where each is and how far it reaches, nothing else.
///
/// A container is followed by its children, an object's member by its value. Of equal keys only the last counts, as
/// everywhere in the pipeline; the others are marked.
struct ValueTape {
    enum Kind: UInt8 {
        case object, array, string, number, `true`, `false`, null
        /// The name of the member that follows.
        case key
    }

    struct Entry {
        var kind: Kind
        /// Whether a string or key has escapes to be decoded.
        var isEscaped = false
        /// Whether a later member of the object has the same key.
        var isShadowed = false
        /// The value's bytes; of a string or key those between the quotation marks.
        var start: Int32
        var end: Int32 = 0
        /// The entry after this one and all it holds.
        var next: Int32 = 0
        /// The members or elements of a container; those that are shadowed do not count.
        var count: Int32 = 0
        /// Of a key: equal for equal keys.
        var hash: UInt64 = 0

        var range: Range<Int> { Int(start)..<Int(end) }
    }

    let bytes: UnsafeBufferPointer<UInt8>
    private(set) var entries: [Entry]

    /// Joins entries with the text they were read from.
    init(_ entries: [Entry], of bytes: UnsafeBufferPointer<UInt8>) { (self.entries, self.bytes) = (entries, bytes) }

    /// Reads the value that begins at a place of a text.
    /// - Throws: also where containers are nested deeper than allowed.
    init(
        _ bytes: UnsafeBufferPointer<UInt8>, from index: Int = 0, maximumDepth: Int
    ) throws(JSONSyntaxError) {
        (self.bytes, entries) = (bytes, [])
        entries.reserveCapacity(64)
        var scanner = JSONScanner(bytes, from: index)
        try read(&scanner, depthLeft: maximumDepth)
    }

    /// The text's end, as far as it has been read.
    var end: Int { Int(entries[0].end) }
}

extension ValueTape {
    private mutating func read(_ scanner: inout JSONScanner, depthLeft: Int) throws(JSONSyntaxError) {
        let first = scanner.peek()
        let place = entries.count
        entries.append(Entry(kind: .null, start: Int32(scanner.index)))
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depthLeft > 0 else { throw JSONSyntaxError("nested too deep", at: scanner.index) }
            entries[place].kind = first == UInt8(ascii: "{") ? .object : .array
            scanner.index += 1
            if first == UInt8(ascii: "{") {
                try readMembers(of: place, &scanner, depthLeft: depthLeft - 1)
            } else {
                try readElements(of: place, &scanner, depthLeft: depthLeft - 1)
            }
        case UInt8(ascii: "\""):
            let string = try scanner.scanString()
            entries[place].kind = .string
            finish(place, string)
            return
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            var facts = JSONFacts()
            _ = try scanner.skipValue(&facts)
            entries[place].kind =
                first == UInt8(ascii: "t") ? .true : first == UInt8(ascii: "f") ? .false : .null
        default:
            _ = try scanner.scanNumber()
            entries[place].kind = .number
        }
        entries[place].end = Int32(scanner.index)
        entries[place].next = Int32(entries.count)
    }

    private mutating func finish(_ place: Int, _ string: JSONString) {
        entries[place].isEscaped = string.isEscaped
        entries[place].start = Int32(string.content.lowerBound)
        entries[place].end = Int32(string.content.upperBound)
        entries[place].next = Int32(place + 1)
    }

    private mutating func readElements(
        of place: Int, _ scanner: inout JSONScanner, depthLeft: Int
    ) throws(JSONSyntaxError) {
        if scanner.take(UInt8(ascii: "]")) { return }
        repeat {
            try read(&scanner, depthLeft: depthLeft)
            entries[place].count += 1
        } while scanner.take(UInt8(ascii: ","))
        try scanner.expect(UInt8(ascii: "]"), "',' or ']' in an array")
    }

    private mutating func readMembers(
        of place: Int, _ scanner: inout JSONScanner, depthLeft: Int
    ) throws(JSONSyntaxError) {
        if scanner.take(UInt8(ascii: "}")) { return }
        repeat {
            let key = try scanner.scanKey()
            let entry = entries.count
            entries.append(Entry(kind: .key, start: 0))
            finish(entry, key)
            entries[entry].hash = hash(of: entry)
            try read(&scanner, depthLeft: depthLeft)
            entries[place].count += 1
        } while scanner.take(UInt8(ascii: ","))
        try scanner.expect(UInt8(ascii: "}"), "',' or '}' in an object")
        if entries[place].count > 1 { markShadowed(place) }
    }

    /// Whether two keys of an object may be equal.
    private func hasRepeatedHash(_ place: Int) -> Bool {
        var key = place + 1
        while key < entries.count {
            let (hash, next) = (entries[key].hash, Int(entries[key + 1].next))
            var other = next
            while other < entries.count {
                if entries[other].hash == hash { return true }
                other = Int(entries[other + 1].next)
            }
            key = next
        }
        return false
    }

    /// Marks each key of an object that a later one repeats.
    private mutating func markShadowed(_ place: Int) {
        // Nearly every object is small and has no key twice: seen without an array.
        if entries[place].count <= 16, !hasRepeatedHash(place) { return }
        var keys: [(hash: UInt64, entry: Int)] = []
        keys.reserveCapacity(Int(entries[place].count))
        var entry = place + 1
        while entry < entries.count {
            keys.append((entries[entry].hash, entry))
            entry = Int(entries[entry + 1].next)
        }
        keys.sort { $0 < $1 }
        for (index, key) in keys.enumerated() {
            // Texts that differ may have one hash, so all of a run are looked at.
            for other in keys[(index + 1)...] {
                guard other.hash == key.hash else { break }
                guard isEqualText(key.entry, other.entry, of: self) else { continue }
                entries[key.entry].isShadowed = true
                entries[place].count -= 1
                break
            }
        }
    }
}

extension ValueTape {
    /// The entries of an array's elements, or of an object's keys that count.
    @inline(__always)
    func forEachChild(of container: Int, _ body: (Int) -> Bool) -> Bool {
        let isObject = entries[container].kind == .object
        let end = Int(entries[container].next)
        var child = container + 1
        while child < end {
            let value = isObject ? child + 1 : child
            if !(isObject && entries[child].isShadowed), !body(child) { return false }
            child = Int(entries[value].next)
        }
        return true
    }

    /// The value of an object's member of that name; `nil` without one.
    /// - Parameter text: a string or key of another tape.
    func member(of object: Int, named text: Int, hash: UInt64, of other: ValueTape) -> Int? {
        var found: Int?
        _ = forEachChild(of: object) { key in
            guard entries[key].hash == hash, isEqualText(key, text, of: other) else { return true }
            found = key + 1
            return false
        }
        return found
    }

    /// Bytes of the text.
    @inline(__always)
    func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: bytes.baseAddress.map { $0 + range.lowerBound }, count: range.count)
    }

    /// Calls with a string's or key's UTF-8, escapes decoded.
    @inline(__always)
    func withText<Result>(_ entry: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let range = entries[entry].range
        guard entries[entry].isEscaped else { return body(slice(range)) }
        return JSONString(content: range, isEscaped: true).decoded(in: bytes).withUnsafeBufferPointer(body)
    }

    /// A string or key, escapes decoded.
    func text(_ entry: Int) -> String { withText(entry) { String(decoding: $0, as: UTF8.self) } }

    /// Whether two strings or keys are the same text.
    func isEqualText(_ entry: Int, _ text: Int, of other: ValueTape) -> Bool {
        withText(entry) { left in
            other.withText(text) { right in
                UnsafeRawBufferPointer(left).hasSameBytes(as: UnsafeRawBufferPointer(right))
            }
        }
    }

    /// The hash of a string or key: equal for equal texts, other in each process, so that nobody can aim at it.
    func hash(of entry: Int) -> UInt64 {
        withText(entry) { text in
            var (hash, index) = (Self.seed ^ UInt64(text.count), 0)
            while text.count - index >= 8 {
                hash = mix(hash, UnsafeRawPointer(text.baseAddress! + index).loadUnaligned(as: UInt64.self))
                index += 8
            }
            var rest: UInt64 = 0
            while index < text.count {
                rest = rest << 8 | UInt64(text[index])
                index += 1
            }
            return mix(hash, rest)
        }
    }

    private static let seed = UInt64.random(in: 0 ... .max)
}

/// Mixes a word into a hash: the two halves of a product (Lemire, "Fast random integer generation", takes them so).
@inline(__always)
func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low &+ 0xD6E8_FEB8_6659_FD93
}

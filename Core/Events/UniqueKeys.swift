/// Rewrites JSON so that every store reads the same, which is what ECMAScript reads.
///
/// No object has a key twice: of equal keys the last member stays, as databases disagree about them. And what BSON
/// cannot hold (its reader refuses it) takes the nearest form that it can: an unpaired surrogate becomes U+FFFD, an
/// integer beyond 64 bits a floating-point number. Everything else is copied as written.
struct UniqueKeys {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var output: [UInt8] = []

    /// Rewrites the validated value at a place of a text.
    static func rewrite(
        _ bytes: UnsafeBufferPointer<UInt8>, at range: Range<Int>
    ) throws(JSONSyntaxError) -> [UInt8] {
        var rewriter = UniqueKeys(bytes: bytes)
        var scanner = JSONScanner(bytes, from: range.lowerBound)
        try rewriter.copyValue(&scanner, depth: 0)
        return rewriter.output
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func copyValue(_ scanner: inout JSONScanner, depth: Int) throws(JSONSyntaxError) {
        guard depth <= EventRules.maximumMetadataDepth else { throw scanner.failure("nested too deep") }
        switch scanner.peek() {
        case UInt8(ascii: "{"): try copyObject(&scanner, depth: depth)
        case UInt8(ascii: "["): try copyArray(&scanner, depth: depth)
        case UInt8(ascii: "\""): copyString(try scanner.scanString())
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            var facts = JSONFacts()
            output.append(contentsOf: bytes[try scanner.skipValue(&facts)])
        default:
            let number = try scanner.scanNumber()
            output.append(contentsOf: bytes[number.range])
            if number.exceedsInt64(in: bytes) { output.append(contentsOf: ".0".utf8) }
        }
    }

    private mutating func copyString(_ string: JSONString) {
        var decoded: [UInt8] = []
        if string.appendDecoded(in: bytes, to: &decoded) {
            output.append(contentsOf: bytes[string.content.lowerBound - 1...string.content.upperBound])
        } else {
            JSONString.append(decoded, to: &output)
        }
    }

    private mutating func copyArray(_ scanner: inout JSONScanner, depth: Int) throws(JSONSyntaxError) {
        scanner.index += 1
        output.append(UInt8(ascii: "["))
        if !scanner.take(UInt8(ascii: "]")) {
            var separator: [UInt8] = []
            repeat {
                output.append(contentsOf: separator)
                separator = [UInt8(ascii: ",")]
                try copyValue(&scanner, depth: depth + 1)
            } while scanner.take(UInt8(ascii: ","))
            try scanner.expect(UInt8(ascii: "]"), "',' or ']' in an array")
        }
        output.append(UInt8(ascii: "]"))
    }

    private mutating func copyObject(_ scanner: inout JSONScanner, depth: Int) throws(JSONSyntaxError) {
        scanner.index += 1
        let start = output.count
        var members: [(key: [UInt8], text: [UInt8])] = []
        if !scanner.take(UInt8(ascii: "}")) {
            repeat {
                let key = try scanner.scanKey()
                copyString(key)
                output.append(UInt8(ascii: ":"))
                try copyValue(&scanner, depth: depth + 1)
                members.append((key.decoded(in: bytes), Array(output[start...])))
                output.removeSubrange(start...)
            } while scanner.take(UInt8(ascii: ","))
            try scanner.expect(UInt8(ascii: "}"), "',' or '}' in an object")
        }
        let last = Dictionary(members.enumerated().map { ($1.key, $0) }, uniquingKeysWith: max)
        let kept = members.enumerated().filter { last[$1.key] == $0 }.map(\.element.text)
        output.append(UInt8(ascii: "{"))
        output.append(contentsOf: kept.joined(separator: [UInt8(ascii: ",")]))
        output.append(UInt8(ascii: "}"))
    }
}

extension ScannedEvent {
    /// The metadata's text as every store can hold it, with the last of any duplicate keys only; `nil` without
    /// metadata. Needed where `PayloadHasher` says so; else the metadata's own bytes will do.
    public func metadataWithUniqueKeys(in bytes: UnsafeBufferPointer<UInt8>) throws(JSONSyntaxError) -> [UInt8]? {
        guard let metadata else { return nil }
        return try UniqueKeys.rewrite(bytes, at: metadata)
    }
}

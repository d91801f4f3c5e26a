import Events

/// The well-known keys of an event's metadata, and where those lie that are not stored as they are. One pass over the
/// outermost object; nothing is built for any other key.
struct WellKnownMetadata {
    var url: ArraySlice<UInt8>?
    var path: ArraySlice<UInt8>?
    var referrer: ArraySlice<UInt8>?
    var userAgent: ArraySlice<UInt8>?
    var clientAddress: ArraySlice<UInt8>?
    /// Where the value of `clientAddress` is written, whatever it is.
    var clientAddressPlace: Range<Int>?
    /// The keys that are redacted, and where their values are written.
    var redacted: [(key: String, value: ArraySlice<UInt8>, place: Range<Int>)] = []
    /// Whether a well-known key has a value that is neither text nor null.
    var hasOddValue = false

    init() {}

    /// Reads valid metadata.
    /// - Parameter keys: the keys to be redacted.
    init(_ metadata: ArraySlice<UInt8>, redacting keys: [String]) throws(JSONSyntaxError) {
        try metadata.withUnsafeBufferPointer { bytes throws(JSONSyntaxError) in
            var scanner = JSONScanner(bytes)
            guard scanner.take(UInt8(ascii: "{")), scanner.peek() != UInt8(ascii: "}") else { return }
            repeat {
                try readMember(&scanner, bytes, of: metadata, keys)
            } while scanner.take(UInt8(ascii: ","))
        }
    }

    private mutating func readMember(
        _ scanner: inout JSONScanner, _ bytes: UnsafeBufferPointer<UInt8>, of metadata: ArraySlice<UInt8>,
        _ keys: [String]
    ) throws(JSONSyntaxError) {
        let key = try scanner.scanKey()
        let start = metadata.startIndex
        let name =
            key.isEscaped
            ? key.decoded(in: bytes)[...] : metadata[start + key.content.lowerBound..<start + key.content.upperBound]
        let field = Self.field(named: name)
        let redacted = keys.first { name.elementsEqual($0.utf8) }
        let first = scanner.peek()
        let valueStart = scanner.index
        var text: ArraySlice<UInt8>?
        if first == UInt8(ascii: "\"") {
            let string = try scanner.scanString()
            if field != nil || redacted != nil {
                let content = start + string.content.lowerBound..<start + string.content.upperBound
                text = string.isEscaped ? string.decoded(in: bytes)[...] : metadata[content]
            }
        } else {
            var facts = JSONFacts()
            _ = try scanner.skipValue(&facts)
            if field != nil, first != UInt8(ascii: "n") { hasOddValue = true }
        }
        let place = start + valueStart..<start + scanner.index
        take(text, as: field, at: place)
        if let redacted { self.redacted.append((redacted, text ?? metadata[place], place)) }
    }

    private mutating func take(_ text: ArraySlice<UInt8>?, as field: Field?, at place: Range<Int>) {
        switch field {
        case .url: url = text
        case .path: path = text
        case .referrer: referrer = text
        case .userAgent: userAgent = text
        case .clientAddress: (clientAddress, clientAddressPlace) = (text, place)
        case nil: break
        }
    }

    private enum Field {
        case url, path, referrer, userAgent, clientAddress
    }

    private static func field(named name: ArraySlice<UInt8>) -> Field? {
        switch name.count {
        case 3 where name.elementsEqual("url".utf8): .url
        case 4 where name.elementsEqual("path".utf8): .path
        case 8 where name.elementsEqual("referrer".utf8): .referrer
        case 9 where name.elementsEqual("userAgent".utf8): .userAgent
        case 13 where name.elementsEqual("clientAddress".utf8): .clientAddress
        default: nil
        }
    }
}

import Events
import Operations
import Stores

/// What an event's `metadata` says of the client that a server speaks for.
struct ClientClaims {
    /// Longer ones are cut, as the collector cuts the request's own.
    static let maximumUserAgentSize = 1024

    private(set) var userAgent: String?
    private(set) var clientAddress: String?
    /// The metadata with the address anonymised there too.
    private(set) var metadata: ArraySlice<UInt8>

    /// Reads the members `userAgent` and `clientAddress`; what is no text, or no address, claims nothing.
    /// - Parameter metadata: an object, valid by the scanner.
    init(_ metadata: ArraySlice<UInt8>) throws(JSONSyntaxError) {
        self.metadata = metadata
        let found = try Self.scan(metadata)
        userAgent = found.userAgent
        guard let (address, place) = found.address else { return }
        clientAddress = address.anonymised
        let start = metadata.startIndex
        self.metadata =
            (metadata[..<(start + place.lowerBound)] + Array("\"\(address.anonymised)\"".utf8)
            + metadata[(start + place.upperBound)...])[...]
    }

    private typealias Found = (userAgent: String?, address: (IPAddress, Range<Int>)?)

    private static func scan(_ metadata: ArraySlice<UInt8>) throws(JSONSyntaxError) -> Found {
        let scanned: Result<Found, JSONSyntaxError> = metadata.withUnsafeBufferPointer { bytes in
            do throws(JSONSyntaxError) { return .success(try scan(bytes)) } catch { return .failure(error) }
        }
        return try scanned.get()
    }

    private static func scan(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONSyntaxError) -> Found {
        var found: Found = (nil, nil)
        var scanner = JSONScanner(bytes)
        try scanner.expect(UInt8(ascii: "{"), "an object")
        if scanner.take(UInt8(ascii: "}")) { return found }
        repeat {
            let name = try scanner.scanKey().text(in: bytes)
            guard ["userAgent", "clientAddress"].contains(name), scanner.peek() == UInt8(ascii: "\"") else {
                var facts = JSONFacts()
                _ = try scanner.skipValue(&facts)
                continue
            }
            let start = scanner.index
            let text = try scanner.scanString().text(in: bytes)
            if name == "userAgent" {
                found.userAgent = text.isEmpty ? nil : cut(text)
            } else if let address = IPAddress(text) {
                found.address = (address, start..<scanner.index)
            }
        } while scanner.take(UInt8(ascii: ","))
        return found
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumUserAgentSize else { return text }
        var bytes = text.utf8.prefix(maximumUserAgentSize)
        while bytes.endIndex.samePosition(in: text.unicodeScalars) == nil { bytes.removeLast() }
        return String(text[..<bytes.endIndex])
    }
}

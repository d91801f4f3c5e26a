/// The parts of a web address, as slices of its text. Lenient: whatever a client calls the address of a page.
struct WebAddress {
    /// `http`, `https`, `android-app`, …, as written.
    let scheme: ArraySlice<UInt8>
    /// Without user, password and port; as written.
    let host: ArraySlice<UInt8>
    /// From the first `/`, without query and fragment; may be empty.
    let path: ArraySlice<UInt8>
    /// After `?`; `nil` without one.
    let query: ArraySlice<UInt8>?

    /// Reads `scheme://host…`; `nil` for any other text.
    init?(_ text: ArraySlice<UInt8>) {
        guard let colon = text.prefix(32).firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex,
            text[colon...].starts(with: "://".utf8), text[..<colon].allSatisfy(Self.isSchemeByte)
        else { return nil }
        scheme = text[..<colon]
        let rest = text[(colon + 3)...]
        let end = rest.firstIndex(where: Self.endsAuthority) ?? rest.endIndex
        host = Self.host(rest[..<end])
        guard !host.isEmpty, host.count <= 253, host.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        (path, query) = Self.pathAndQuery(rest[end...])
    }

    /// Cuts a path from query and fragment.
    static func pathAndQuery(_ text: ArraySlice<UInt8>) -> (path: ArraySlice<UInt8>, query: ArraySlice<UInt8>?) {
        let body = text[..<(text.firstIndex(of: UInt8(ascii: "#")) ?? text.endIndex)]
        guard let mark = body.firstIndex(of: UInt8(ascii: "?")) else { return (body, nil) }
        return (body[..<mark], body[(mark + 1)...])
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "-")
            || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
            || byte == UInt8(ascii: "\\")
    }

    private static func host(_ authority: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = authority.lastIndex(of: UInt8(ascii: "@")).map { $0 + 1 } ?? authority.startIndex
        let place = authority[start...]
        if place.first == UInt8(ascii: "["), let end = place.firstIndex(of: UInt8(ascii: "]")) {
            return place[...end]
        }
        return place[..<(place.firstIndex(of: UInt8(ascii: ":")) ?? place.endIndex)]
    }

    /// The host without `www.`, which says nothing.
    var plainHost: ArraySlice<UInt8> {
        let isPrefixed = host.count > 4 && zip(host, "www.".utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        return isPrefixed ? host.dropFirst(4) : host
    }

    /// Whether two addresses are of one site, as far as hosts tell.
    func isSameSite(as other: WebAddress) -> Bool {
        let (mine, theirs) = (plainHost, other.plainHost)
        return mine.count == theirs.count && zip(mine, theirs).allSatisfy { lowercased($0) == lowercased($1) }
    }
}

/// ASCII in lower case.
func lowercased(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }

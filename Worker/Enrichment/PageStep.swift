import Stores

/// The page's path: `metadata.path`, else that of `metadata.url`. No query and no fragment, where secrets are, and no
/// part of the path that looks like one.
struct PageStep: EnrichmentStep {
    /// Bytes at most.
    static let maximumSize = 512

    func enrich(_ event: inout RawEvent, from clues: Clues) throws(EnrichmentFailure) {
        if let given = clues.metadata.path, !given.isEmpty {
            event.context.path = Self.path(WebAddress(given)?.path ?? given)
        } else if let page = clues.page {
            event.context.path = Self.path(page.path)
        } else if let url = clues.metadata.url, !url.isEmpty {
            // `/a?b`: an address without a host.
            guard url.first == UInt8(ascii: "/") else { throw .url }
            event.context.path = Self.path(url)
        }
    }

    /// A path that may be stored.
    static func path(_ text: ArraySlice<UInt8>) -> String {
        let (path, _) = WebAddress.pathAndQuery(text)
        if isPlain(path), let string = path.validText { return string }
        var out: [UInt8] = []
        for (index, segment) in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).enumerated()
        {
            if index == 0, segment.isEmpty { continue }
            out.append(UInt8(ascii: "/"))
            // Parameters of a segment (`;jsessionid=…`) are as secret as a query's.
            let name = segment[..<(segment.firstIndex(of: UInt8(ascii: ";")) ?? segment.endIndex)]
            if let mask = PathSecrets.mask(of: name) {
                out.append(contentsOf: mask.utf8)
            } else {
                for byte in name where byte >= 0x20 && byte != 0x7F { out.append(byte) }
            }
        }
        if out.isEmpty { out = [UInt8(ascii: "/")] }
        return out.prefix(maximumSize).validText ?? String(decoding: out.prefix(maximumSize), as: UTF8.self)
    }

    /// Whether nothing in a path need be looked at closer: short segments of letters, as most have.
    private static func isPlain(_ path: ArraySlice<UInt8>) -> Bool {
        guard path.first == UInt8(ascii: "/"), path.count <= maximumSize else { return false }
        return path.withUnsafeBufferPointer { bytes in
            var length = 0
            for byte in bytes {
                length = byte == UInt8(ascii: "/") ? 0 : length + 1
                if length >= PathSecrets.shortest || byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: ";")
                    || byte == UInt8(ascii: "@") || byte == UInt8(ascii: "%")
                {
                    return false
                }
            }
            return true
        }
    }
}

/// Parts of paths that name or let in a person.
enum PathSecrets {
    /// Nothing shorter is taken for a token.
    static let shortest = 20

    /// What stands for a part; `nil` where it may be stored as it is.
    static func mask(of segment: ArraySlice<UInt8>) -> String? {
        if segment.contains(UInt8(ascii: "@")) || hasEscapedAt(segment) { return "[email]" }
        return segment.starts(with: "eyJ".utf8) && segment.count >= shortest || isToken(segment) ? "[token]" : nil
    }

    private static func hasEscapedAt(_ segment: ArraySlice<UInt8>) -> Bool {
        segment.indices.dropLast(2).contains {
            segment[$0] == UInt8(ascii: "%") && segment[$0 + 1] == UInt8(ascii: "4")
                && segment[$0 + 2] == UInt8(ascii: "0")
        }
    }

    /// A long run of letters and digits mixed, as no word is and no number: hexadecimal, base 64, a JWT. Words joined by
    /// hyphens are none, nor is a UUID, whose runs are short: it names a thing more often than it opens one.
    private static func isToken(_ segment: ArraySlice<UInt8>) -> Bool {
        var (run, digits, letters) = (0, 0, 0)
        for byte in segment {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): letters += 1
            default:
                (run, digits, letters) = (0, 0, 0)
                continue
            }
            run += 1
            if run >= shortest, digits >= 2, letters >= 2 { return true }
        }
        return false
    }
}

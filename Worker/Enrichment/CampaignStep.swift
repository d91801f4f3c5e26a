import Stores

/// The campaign: `utm_…` of the page's address; of the referrer's only where no page is named (then the address that
/// the visitor came to is the referrer: a pixel's).
struct CampaignStep: EnrichmentStep {
    /// Bytes of a value, at most.
    static let maximumSize = 256

    func enrich(_ event: inout RawEvent, from clues: Clues) throws(EnrichmentFailure) {
        if let url = clues.metadata.url {
            event.context.utm = Self.read(clues.page?.query ?? WebAddress.pathAndQuery(url).query)
        } else if let referrer = clues.metadata.referrer {
            event.context.utm = Self.read(WebAddress.pathAndQuery(referrer).query)
        }
    }

    /// Reads a query. Of a parameter that is given twice, the first counts.
    static func read(_ query: ArraySlice<UInt8>?) -> EventContext.UTM {
        var utm = EventContext.UTM()
        guard var rest = query else { return utm }
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
            take(rest[..<end], into: &utm)
            rest = rest[end...].dropFirst()
        }
        return utm
    }

    private static func take(_ parameter: ArraySlice<UInt8>, into utm: inout EventContext.UTM) {
        guard parameter.first.map(lowercased) == UInt8(ascii: "u"),
            parameter.starts(
                with: "utm_".utf8,
                by: {
                    lowercased($0) == $1
                }), let mark = parameter.firstIndex(of: UInt8(ascii: "="))
        else { return }
        let name = String(decoding: parameter[..<mark].dropFirst(4).prefix(16).map(lowercased), as: UTF8.self)
        let value = text(parameter[(mark + 1)...])
        switch name {
        case "source": utm.source = utm.source ?? value
        case "medium": utm.medium = utm.medium ?? value
        case "campaign": utm.campaign = utm.campaign ?? value
        case "term": utm.term = utm.term ?? value
        case "content": utm.content = utm.content ?? value
        default: break
        }
    }

    /// A value, decoded; `nil` for an empty one. An address of a person has no place in a campaign.
    private static func text(_ value: ArraySlice<UInt8>) -> String? {
        if isPlain(value) { return value.isEmpty ? nil : value.validText }
        let decoded = percentDecoded(value).filter { $0 >= 0x20 && $0 != 0x7F }
        if decoded.contains(UInt8(ascii: "@")) { return "[email]" }
        let cut = decoded.prefix(maximumSize)
        let text = cut.validText ?? String(decoding: cut, as: UTF8.self)
        return text.isEmpty ? nil : text
    }

    /// Whether nothing in a value need be looked at closer, as in most.
    private static func isPlain(_ value: ArraySlice<UInt8>) -> Bool {
        guard value.count <= maximumSize else { return false }
        return value.withUnsafeBufferPointer { bytes in
            bytes.allSatisfy { byte in
                byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "+")
                    && byte != UInt8(ascii: "@")
            }
        }
    }

    /// Decodes `%XX` and `+`; what is no escape stays.
    private static func percentDecoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var (out, index) = ([UInt8](), text.startIndex)
        while index < text.endIndex {
            let byte = text[index]
            if byte == UInt8(ascii: "%"), text.endIndex - index > 2, let high = hexValue(text[index + 1]),
                let low = hexValue(text[index + 2])
            {
                out.append(high << 4 | low)
                index += 3
            } else {
                out.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return out
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

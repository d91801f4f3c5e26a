import Events
import Stores

/// The user agent, and what it tells: device, browser and operating system of people, the name of robots.
struct UserAgentStep: EnrichmentStep {
    /// A longer text is cut: enough for any honest client.
    static let maximumSize = 1024

    private struct Known {
        var text: String?
        var facts = UserAgentFacts()
    }

    private let cache: TextCache<Known>

    init(cacheSize: Int) { cache = TextCache(limit: cacheSize, name: "user_agent") }

    func enrich(_ event: inout RawEvent, from clues: Clues) throws(EnrichmentFailure) {
        let claimed = clues.claimedUserAgent
        guard let text = (claimed ?? clues.headers.userAgent)?.prefix(Self.maximumSize), !text.isEmpty else { return }
        // Hints speak of whoever sent the request: not of the client that a server speaks for.
        let hints = claimed == nil ? clues.headers : RequestHeaders()
        let known =
            hints.brands == nil && hints.platform == nil && hints.mobile == nil
            ? cache.value(of: text) { Self.read($0, ClientHints()) }
            : cache.value(of: Self.key(text, hints)) { _ in Self.read(text, ClientHints(hints)) }
        event.context.userAgent = known.text
        event.context.device = known.facts.device
        event.context.browser = known.facts.browser
        event.context.os = known.facts.os
        event.context.bot = known.facts.bot
        if known.text == nil { throw .userAgent }
    }

    /// All that the answer depends on. No header holds a line feed.
    private static func key(_ text: ArraySlice<UInt8>, _ hints: RequestHeaders) -> ArraySlice<UInt8> {
        var key = Array(text)
        for hint in [hints.brands, hints.platform, hints.mobile] {
            key.append(UInt8(ascii: "\n"))
            key.append(contentsOf: hint?.prefix(maximumSize) ?? [])
        }
        return key[...]
    }

    private static func read(_ text: ArraySlice<UInt8>, _ hints: ClientHints) -> Known {
        guard let string = text.validText else { return Known() }
        return Known(text: string, facts: UserAgentParser(text).facts(hints))
    }
}

extension ArraySlice<UInt8> {
    /// The text, without a character that was cut at its end; `nil` where it is not UTF-8.
    var validText: String? {
        for dropped in 0..<4 where dropped <= count {
            if let text = dropLast(dropped).utf8Text { return text }
            guard let last = dropLast(dropped).last, last >= 0x80 else { return nil }
        }
        return nil
    }
}

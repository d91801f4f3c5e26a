import Stores

/// Where the visitor came from: the referring host and its class.
struct ReferrerStep: EnrichmentStep {
    private let cache: TextCache<EventContext.Referrer>

    init(cacheSize: Int) { cache = TextCache(limit: cacheSize, name: "referrer") }

    func enrich(_ event: inout RawEvent, from clues: Clues) throws(EnrichmentFailure) {
        guard let text = clues.metadata.referrer, !text.isEmpty else {
            // Only a page can be visited directly.
            let isPage = clues.metadata.url != nil || clues.metadata.path != nil
            event.context.referrer = isPage ? EventContext.Referrer(host: nil, kind: "direct") : nil
            return
        }
        guard let address = WebAddress(text) else { throw .referrer }
        let isApp = address.scheme.elementsEqual("android-app".utf8)
        // The host of an app is its package: no site, and written like one.
        let key = isApp ? address.scheme.startIndex..<address.host.endIndex : nil
        var referrer = cache.value(of: key.map { text[$0] } ?? address.host) { _ in Self.classify(address, isApp) }
        if let page = clues.page, page.isSameSite(as: address) { referrer.kind = "internal" }
        event.context.referrer = referrer
    }

    private static func classify(_ address: WebAddress, _ isApp: Bool) -> EventContext.Referrer {
        let host = String(decoding: (isApp ? address.host : address.plainHost).map(lowercased), as: UTF8.self)
        return EventContext.Referrer(
            host: host, kind: isApp ? ReferrerTable.apps[host] ?? "app" : ReferrerTable.kind(of: host))
    }
}

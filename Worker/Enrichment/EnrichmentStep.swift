import Events
import Stores

/// Adds to an event what can be known of it. Pure but for caches: the same record gives the same event.
protocol EnrichmentStep: Sendable {
    /// Completes the event's context, or its metadata as it is to be stored.
    /// - Throws: the code of what could not be found out. What the step has added by then stays.
    func enrich(_ event: inout RawEvent, from clues: Clues) throws(EnrichmentFailure)
}

/// Why a step could not do its work. Bounded: kept in the record, and a metric's label.
enum EnrichmentFailure: String, Error, CaseIterable {
    /// A well-known key of metadata has a value that is no text.
    case metadata
    /// An address that is none.
    case clientAddress = "client_address"
    /// The country database is damaged.
    case country
    /// The `User-Agent` is not UTF-8.
    case userAgent = "user_agent"
    /// The referrer is no web address.
    case referrer
    /// The page's address is no web address.
    case url
}

/// What the steps go by: the record's headers and the well-known keys of its metadata.
struct Clues {
    let headers: RequestHeaders
    let metadata: WellKnownMetadata
    /// The address that a server names for the client it speaks for; `nil` for keys of any other kind.
    var claimedAddress: ArraySlice<UInt8>? { headers.isFromServer ? metadata.clientAddress : nil }
    /// The user agent that it names. An empty one is none.
    var claimedUserAgent: ArraySlice<UInt8>? {
        headers.isFromServer ? metadata.userAgent.flatMap { $0.isEmpty ? nil : $0 } : nil
    }
    /// The page's own address.
    let page: WebAddress?

    init(headers: RequestHeaders, metadata: WellKnownMetadata) {
        self.headers = headers
        self.metadata = metadata
        page = metadata.url.flatMap { WebAddress($0) }
    }
}

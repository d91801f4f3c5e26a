/// What a rollup needs of a stored event.
public struct StoredEvent: Sendable, Equatable {
    /// The source it came from.
    public var source: String
    /// The user, as the client named them.
    public var userID: String
    /// The kind of event.
    public var eventType: String
    /// When it happened: milliseconds since 1970, UTC.
    public var timestamp: Int64
    /// Its offset within the window that was read.
    public var offset: Int64
    /// What it is counted by besides.
    public var dimensions: EventDimensions

    /// Describes a stored event.
    public init(
        source: String, userID: String, eventType: String, timestamp: Int64, offset: Int64,
        dimensions: EventDimensions = EventDimensions()
    ) {
        self.source = source
        self.userID = userID
        self.eventType = eventType
        self.timestamp = timestamp
        self.offset = offset
        self.dimensions = dimensions
    }
}

/// The parts of the context that rollups count by; the raw values are the dimensions' names.
public enum ContextDimension: String, Sendable, CaseIterable {
    case path
    case referrer
    case country
    case device
    case browser
    case os
    case bot
    case utmSource = "utm_source"
    case utmMedium = "utm_medium"
    case utmCampaign = "utm_campaign"
}

/// The values that rollups count an event by. `nil`: it has none for that dimension.
public struct EventDimensions: Sendable, Equatable {
    /// The page's path.
    public var path: String?
    /// The referring host.
    public var referrer: String?
    /// ISO 3166-1 alpha-2.
    public var country: String?
    /// The class of device.
    public var device: String?
    /// The browser's name.
    public var browser: String?
    /// The operating system's name.
    public var os: String?
    /// The robot's name.
    public var bot: String?
    /// `utm_source`
    public var utmSource: String?
    /// `utm_medium`
    public var utmMedium: String?
    /// `utm_campaign`
    public var utmCampaign: String?
    /// The values of the metadata keys that were asked for, in that order.
    public var metadata: [String?]

    /// No values but those of metadata.
    public init(metadata: [String?] = []) { self.metadata = metadata }

    /// What a context gives.
    public init(of context: EventContext, metadata: [String?] = []) {
        path = context.path
        referrer = context.referrer?.host
        country = context.country
        device = context.device
        browser = context.browser?.name
        os = context.os?.name
        bot = context.bot
        utmSource = context.utm.source
        utmMedium = context.utm.medium
        utmCampaign = context.utm.campaign
        self.metadata = metadata
    }

    /// The value of a dimension.
    public subscript(dimension: ContextDimension) -> String? {
        switch dimension {
        case .path: path
        case .referrer: referrer
        case .country: country
        case .device: device
        case .browser: browser
        case .os: os
        case .bot: bot
        case .utmSource: utmSource
        case .utmMedium: utmMedium
        case .utmCampaign: utmCampaign
        }
    }
}

public import Events

/// A user of a source who is being forgotten: on record until no raw event that has been counted has their id.
public struct Forgetting: Sendable, Equatable {
    /// The source.
    public var source: String
    /// The digest by which the visitor was known.
    public var user: Digest128
    /// The random text that takes the id's place.
    public var token: String

    /// Describes a user who is being forgotten.
    public init(source: String, user: Digest128, token: String) {
        self.source = source
        self.user = user
        self.token = token
    }

    /// The digest by which the visitor is known from now on.
    public var alias: Digest128 { .visitor(source: source, userID: token) }
}

extension Digest128 {
    /// Stands where the digest of a forgotten event's content was: that would tell, from a guess, whose it had been.
    public static let forgotten = Digest128(bytes: "forgotten event!".utf8)!
}

extension RawEvent {
    /// The same event as nobody's: what is counted stays, and so do id, times and position.
    public func forgotten(as token: String, keeping keys: MetadataKeys) -> RawEvent {
        var event = self
        event.userID = token
        event.clientTimestamp = nil
        event.metadata = keys.counted(in: metadata)
        event.context = context.counted
        event.payloadHash = .forgotten
        return event
    }
}

extension InsertVerdict {
    /// The verdict on an event whose id is stored: of the same record, the same event, or another one.
    ///
    /// What a forgotten event said is not known any more: another one of its id is taken for the same, so that it does
    /// not bring its user back.
    public init(on event: RawEvent, storedAt position: Position, payloadHash: Digest128) {
        if position == event.position {
            self = .stored
        } else if payloadHash == event.payloadHash || payloadHash == .forgotten {
            self = .duplicate(of: position)
        } else {
            self = .conflict(with: position)
        }
    }
}

extension EventContext {
    /// The parts that rollups count by.
    var counted: EventContext {
        var counted = EventContext()
        (counted.device, counted.bot) = (device, bot)
        counted.browser = browser.map { Product(name: $0.name) }
        counted.os = os.map { Product(name: $0.name) }
        counted.referrer = referrer?.host.map { Referrer(host: $0, kind: "") }
        (counted.path, counted.country) = (path, country)
        (counted.utm.source, counted.utm.medium, counted.utm.campaign) = (utm.source, utm.medium, utm.campaign)
        return counted
    }
}

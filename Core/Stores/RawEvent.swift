public import Events

/// An event as it is kept: one document of `raw_events`.
public struct RawEvent: Sendable {
    /// The source it came from.
    public var source: String
    /// Its identity within the source. `_id` is `source/eventId`; a source holds no `/`.
    public var eventID: String
    /// The user, as the client named them.
    public var userID: String
    /// The kind of event.
    public var eventType: String
    /// When it happened, corrected for the skew of the client's clock: milliseconds since 1970, UTC.
    public var timestamp: Int64
    /// The time that the client gave, where the correction changed it.
    public var clientTimestamp: Int64?
    /// When the collector received it: milliseconds since 1970, UTC.
    public var receivedAt: Int64
    /// The text of the JSON object `metadata`, valid by the scanner; `nil` where there was none.
    public var metadata: ArraySlice<UInt8>?
    /// What enrichment and the collector know.
    public var context: EventContext {
        _read { yield knowledge.context }
        _modify {
            if !isKnownUniquelyReferenced(&knowledge) { knowledge = Knowledge(knowledge.context) }
            yield &knowledge.context
        }
    }
    private var knowledge: Knowledge
    /// Where it was read.
    public var position: Position
    /// Digest of the parsed content in canonical form: equal for a redelivery however it was written.
    public var payloadHash: Digest128

    /// Describes an event to be stored.
    public init(
        source: String, eventID: String, userID: String, eventType: String, timestamp: Int64,
        clientTimestamp: Int64? = nil, receivedAt: Int64, metadata: ArraySlice<UInt8>?, context: EventContext,
        position: Position, payloadHash: Digest128
    ) {
        self.source = source
        self.eventID = eventID
        self.userID = userID
        self.eventType = eventType
        self.timestamp = timestamp
        self.clientTimestamp = clientTimestamp
        self.receivedAt = receivedAt
        self.metadata = metadata
        knowledge = Knowledge(context)
        self.position = position
        self.payloadHash = payloadHash
    }

    /// The context, out of line and copied when it is changed: its twenty texts would make each copy of an event dear.
    private final class Knowledge: @unchecked Sendable {  // changed only while nobody else refers to it
        var context: EventContext

        init(_ context: EventContext) { self.context = context }
    }

    /// `source/eventId`.
    public var id: String { "\(source)/\(eventID)" }
}

/// What became of one event of an insert. Depends only on the event's bytes and on what is stored, so that any
/// worker, however late, comes to the same one.
public enum InsertVerdict: Sendable, Equatable {
    /// It is stored at its position, by this call or by an earlier delivery of the same record.
    case stored
    /// The same event was stored from another position.
    case duplicate(of: Position)
    /// Another event with the same id is stored; that one stays.
    case conflict(with: Position)
    /// The store refuses this event for good (for example: too large). Its own fault.
    case refused(reason: String)
}

import Events
import Stores

extension RawEvent {
    /// An event at a position; everything else follows from the arguments.
    static func sample(
        _ id: String, at offset: Int64, epoch: Int32 = 1, partition: Int32 = 0, payload: UInt64 = 1,
        metadata: String? = #"{"path":"/"}"#
    ) -> RawEvent {
        var event = RawEvent(
            source: "site", eventID: id, userID: "user-\(id)", eventType: "page_view",
            timestamp: 1_431_800_000_000 + offset, receivedAt: 1_431_800_000_500 + offset,
            metadata: metadata.map { Array($0.utf8)[...] },
            context: EventContext(clientAddress: "192.0.2.0", userAgent: "agent/1"),
            position: Position(epoch: epoch, partition: partition, offset: offset),
            payloadHash: Digest128(high: payload, low: ~payload))
        if offset % 2 == 0 { event.context = .full }
        return event
    }

    /// What a rollup should read of it.
    var asStored: StoredEvent {
        StoredEvent(
            source: source, userID: userID, eventType: eventType, timestamp: timestamp, offset: position.offset,
            dimensions: EventDimensions(of: context))
    }
}

extension EventContext {
    /// Something in every place, each different.
    static var full: EventContext {
        var context = EventContext(clientAddress: "2001:db8::", userAgent: "Mozilla/5.0 (\u{4e2d}\u{6587})")
        context.device = "mobile"
        context.browser = Product(name: "Firefox Ünï", version: "128.0")
        context.os = Product(name: "Windows", version: "11")
        context.bot = "a robot with a name that is long"
        context.referrer = Referrer(host: "www.пример.example", kind: "search")
        context.path = "/" + String(repeating: "päth/", count: 60)
        context.country = "DE"
        context.utm.source = "a source"
        context.utm.medium = "a medium"
        context.utm.campaign = "a campaign 🎈"
        context.utm.term = "a term"
        context.utm.content = ""
        context.failures = ["referrer", "country"]
        context.traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
        return context
    }
}

extension PartitionEpoch {
    static let first = PartitionEpoch(epoch: 1, partition: 0)
}

extension IngestProgress {
    /// The state after `count` more stored records.
    func advanced(by count: Int64, batch: String) -> IngestProgress {
        var new = self
        new.next += count
        new.stored += count
        new.lastHash = Digest128(high: UInt64(new.next), low: 7)
        new.batch = batch
        return new
    }
}

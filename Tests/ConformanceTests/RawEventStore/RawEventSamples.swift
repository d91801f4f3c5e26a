import Events
import Stores

extension RawEvent {
    /// An event at a position; everything else follows from the arguments.
    static func sample(
        _ id: String, at offset: Int64, epoch: Int32 = 1, partition: Int32 = 0, payload: UInt64 = 1,
        metadata: String? = #"{"path":"/"}"#
    ) -> RawEvent {
        RawEvent(
            source: "site", eventID: id, userID: "user-\(id)", eventType: "page_view",
            timestamp: 1_431_800_000_000 + offset, receivedAt: 1_431_800_000_500 + offset,
            metadata: metadata.map { Array($0.utf8)[...] },
            context: EventContext(clientAddress: "192.0.2.0", userAgent: "agent/1"),
            position: Position(epoch: epoch, partition: partition, offset: offset),
            payloadHash: Digest128(high: payload, low: ~payload))
    }

    /// What a rollup should read of it.
    var asStored: StoredEvent {
        StoredEvent(
            source: source, userID: userID, eventType: eventType, timestamp: timestamp, offset: position.offset)
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

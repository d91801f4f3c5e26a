public import Stores

extension MongoStore {
    public func recordDeadLetters(_ entries: [DeadLetterEntry]) async throws {
        guard !entries.isEmpty else { return }
        var writer = BSONWriter(capacity: entries.count * 384)
        var documents: [Range<Int>] = []
        for entry in entries {
            let start = writer.count
            writer.document { entry.write(to: &$0) }
            documents.append(start..<writer.count)
        }
        let batch = BSONBatch(writer, documents: documents)
        let doing = MongoOperation.recordDeadLetters.doing
        let report = try await run(.recordDeadLetters) { (client) throws(DatabaseError) in
            try client.insert(batch, into: Collections.deadLetters, doing)
        }
        // An `_id` that is taken is the same dead letter, put there before.
        if let (index, reason) = report.refused.first {
            throw DatabaseError(
                .refusedValue, store: mongoStoreName, "\(doing) failed at \(entries[index].position)", cause: reason)
        }
    }

    public func deadLetters(in window: OffsetWindow) async throws -> [DeadLetterEntry] {
        guard !window.offsets.isEmpty else { return [] }
        let found = try await run(.readDeadLetters) { (client) throws(DatabaseError) in
            let filter = BSONBatch { $0.window(window, "epoch", "partition", "offset") }
            return try client.find(Collections.deadLetters, filter, MongoOperation.readDeadLetters.doing) {
                (document) throws(BSONFault) in try DeadLetterEntry(document)
            }
        }
        return found.sorted { $0.position < $1.position }
    }
}

extension BSONWriter {
    /// The filter for a window, bounded on both sides, so that the index on position answers it alone.
    mutating func window(
        _ window: OffsetWindow, _ epoch: StaticString, _ partition: StaticString, _ offset: StaticString
    ) {
        field(epoch, window.partition.epoch)
        field(partition, window.partition.partition)
        field(offset) { bounds in
            bounds.field("$gte", window.offsets.lowerBound)
            bounds.field("$lt", window.offsets.upperBound)
        }
    }
}

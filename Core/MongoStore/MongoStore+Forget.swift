internal import Events
public import Stores

extension MongoStore {
    /// Offsets read at once: no document has more than some tens of kilobytes, so this bounds what one reply holds.
    private static let forgottenAtOnce: Int64 = 1_000
    /// Documents an update command.
    private static let updateSize = 200

    public func forget(
        _ user: String, of source: String, as token: String, in window: OffsetWindow, keeping keys: MetadataKeys
    ) async throws -> Int {
        var count = 0
        for part in window.parts(of: Self.forgottenAtOnce) {
            let events = try await events(of: user, source, part)
            for start in stride(from: 0, to: events.count, by: Self.updateSize) {
                let part = events[start..<min(start + Self.updateSize, events.count)]
                count += try await replace(part.map { $0.forgotten(as: token, keeping: keys) }, of: user)
            }
        }
        return count
    }

    private func events(of user: String, _ source: String, _ window: OffsetWindow) async throws -> [RawEvent] {
        try await run(.forget) { (client) throws(DatabaseError) in
            let filter = BSONBatch { filter in
                filter.window(window, "ingest.epoch", "ingest.partition", "ingest.offset")
                filter.field("source", source)
                filter.field("userId", user)
            }
            return try client.find(Collections.rawEvents, filter, MongoOperation.forget.doing) {
                (document) throws(BSONFault) in try RawEvent(document)
            }
        }
    }

    private func replace(_ events: [RawEvent], of user: String) async throws -> Int {
        let command = try Self.update(events, of: user)
        return try await run(.forget) { (client) throws(DatabaseError) in
            try client.write(command, MongoOperation.forget.doing) { (reply) throws(BSONFault) in
                try modifiedCount(reply)
            }
        }
    }

    private static func update(_ events: [RawEvent], of user: String) throws(DatabaseError) -> BSONBatch {
        var writer = BSONWriter(capacity: 1_024 * (events.count + 1))
        let start = writer.begin()
        writer.field("update", Collections.rawEvents)
        writer.name("updates", BSONType.array)
        let updates = writer.begin()
        for (index, event) in events.enumerated() {
            writer.name(String(index), BSONType.document)
            let update = writer.begin()
            writer.field("q") { query in
                query.field("_id", event.id)
                query.field("userId", user)
            }
            try writer.writeForgotten(event)
            writer.end(update)
        }
        writer.end(updates)
        writer.end(start)
        let end = writer.count
        return BSONBatch(writer, documents: [0..<end])
    }
}

extension BSONWriter {
    /// Writes the change that makes of a stored event what is left of it.
    fileprivate mutating func writeForgotten(_ event: RawEvent) throws(DatabaseError) {
        name("u", BSONType.document)
        let change = begin()
        name("$set", BSONType.document)
        let set = begin()
        field("userId", event.userID)
        field("context") { event.context.write(to: &$0) }
        field("ingest.payloadHash", event.payloadHash)
        if let metadata = event.metadata { try write(metadata: metadata) }
        end(set)
        field("$unset") { unset in
            unset.field("clientTimestamp", "")
            if event.metadata == nil { unset.field("metadata", "") }
        }
        end(change)
    }

    private mutating func write(metadata: ArraySlice<UInt8>) throws(DatabaseError) {
        var encoder = JSONToBSON()
        do throws(JSONFault) {
            try metadata.withUnsafeBufferPointer { bytes throws(JSONFault) in
                try encoder.append("metadata", UnsafeRawBufferPointer(bytes), to: &self)
            }
        } catch {
            throw DatabaseError(.corrupt, store: mongoStoreName, "stored metadata cannot be read", cause: error.reason)
        }
    }
}

/// How many documents an update has changed.
func modifiedCount(_ reply: BSONReader) throws(BSONFault) -> Int {
    var reply = reply
    while let element = try reply.next() {
        if element.isNamed("nModified") { return Int(try element.integer()) }
    }
    throw BSONFault(reason: "no nModified")
}

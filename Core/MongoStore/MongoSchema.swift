/// What `provision` creates: the one place where collections and indexes are defined.
/// `schemas/mongodb/collections.json` documents them; a test holds the two together.
struct MongoSchema: Codable, Equatable {
    /// The collections by their part in the pipeline.
    var collections: [CollectionDefinition]

    /// The definition. Raw events expire after so many days, counted from when they were stored.
    static func current(retentionDays: Int) -> MongoSchema {
        MongoSchema(collections: [
            CollectionDefinition(
                name: Collections.rawEvents, shardKey: ["_id": "hashed"],
                indexes: [
                    IndexDefinition(name: "position", fields: ["ingest.epoch", "ingest.partition", "ingest.offset"]),
                    IndexDefinition(name: "source_timestamp", fields: ["source", "timestamp"]),
                    IndexDefinition(
                        name: "expiry", fields: ["ingest.at"], expireAfterSeconds: Int64(retentionDays) * 86_400),
                ]),
            CollectionDefinition(name: Collections.progress, shardKey: nil, indexes: []),
            CollectionDefinition(
                name: Collections.deadLetters, shardKey: nil,
                indexes: [
                    IndexDefinition(name: "position", fields: ["epoch", "partition", "offset"]),
                    IndexDefinition(name: "state_failedAt", fields: ["state", "failedAt"]),
                    IndexDefinition(name: "source_eventId", fields: ["source", "eventId"]),
                ]),
        ])
    }
}

/// The collections' names.
enum Collections {
    static let rawEvents = "raw_events"
    static let progress = "ingest_progress"
    static let deadLetters = "dead_letters"
}

/// A collection with its indexes.
struct CollectionDefinition: Codable, Equatable {
    var name: String
    /// How the collection is sharded where there is more than one shard; `nil`: not at all. An operator's step.
    var shardKey: [String: String]?
    var indexes: [IndexDefinition]
}

/// An index, all of whose fields ascend.
struct IndexDefinition: Codable, Equatable {
    var name: String
    var fields: [String]
    /// TTL: how long after the field's date a document goes.
    var expireAfterSeconds: Int64?
}

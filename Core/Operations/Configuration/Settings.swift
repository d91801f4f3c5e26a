public import Logging

/// The configuration of a process: read once at start, then passed around.
public struct Settings: Sendable {
    /// The log.
    public struct Kafka: Sendable {
        /// `host:port,…`; empty where the role needs no log and none is given.
        public var bootstrapServers: String
        /// Further librdkafka properties, by their own names, all accepted by librdkafka.
        public var properties: [String: String]
        /// How long an append may wait for its acknowledgement.
        public var produceTimeout: Duration
    }

    /// The store of raw events.
    public struct MongoDB: Sendable {
        /// The address, which may hold a password; empty where the role needs no MongoDB and none is given.
        public var uri: String
        /// How long raw events are kept after they were stored.
        public var rawRetentionDays: Int
    }

    /// The store of rollups.
    public struct PostgreSQL: Sendable {
        /// The address, which may hold a password; empty where the role needs no PostgreSQL and none is given.
        public var url: String
    }

    /// The collector.
    public struct Collector: Sendable {
        /// The address to listen on.
        public var host: String
        /// The port to listen on; 0 is any free one.
        public var port: Int
        /// The keys that events may be sent with, beside those of the file.
        public var writeKeys: [WriteKey]
        /// The file of further keys.
        public var keysFile: String?
        /// Whom it lets in, and how much of each.
        public var admission: Admission
        /// What is taken from the internet.
        public var edge: Edge
        /// Whether events without a key are taken: without keys, and without a file that may get some.
        public var isOpen: Bool { writeKeys.isEmpty && keysFile == nil }
    }

    /// What takes events while the log does not.
    public struct Spill: Sendable {
        /// A directory on a disk that outlives the process; `nil`: there is no spill.
        public var directory: String?
        /// Bytes of events that are kept at most.
        public var maximumBytes: Int
    }

    /// The dashboard API.
    public struct Dashboard: Sendable {
        /// The address to listen on.
        public var host: String
        /// The port to listen on; 0 is any free one.
        public var port: Int
        /// Bytes of answers that are kept; 0 keeps none.
        public var cacheSize: Int
        /// The directory that the page's files are read from; `nil`: those within the binary.
        public var pageDirectory: String?
    }

    /// The worker.
    public struct Worker: Sendable {
        /// The address of the admin port.
        public var adminHost: String
        /// The port of `/healthz`, `/readyz` and `/metrics`; 0 is any free one.
        public var adminPort: Int
        /// How many events one batch holds at most.
        public var batchSize: Int
        /// The consumer group.
        public var group: String
        /// The file that tells countries of addresses; `nil`: countries are not looked up.
        public var countryDatabase: String?
        /// The keys of metadata whose values are stored as pseudonyms only.
        public var redactedKeys: [String]
        /// The secret that pseudonyms are made with; empty where nothing is redacted.
        public var redactionSecret: String
        /// How many texts each cache of enrichment remembers at most.
        public var enrichmentCacheSize: Int
    }

    /// The aggregator.
    public struct Aggregator: Sendable {
        /// The address of the admin port.
        public var adminHost: String
        /// The port of `/healthz`, `/readyz` and `/metrics`; 0 is any free one.
        public var adminPort: Int
        /// The time from one pass to the next.
        public var interval: Duration
        /// Keys of metadata that events are counted by as well: at most 16, none twice, each 1 to 64 of `A-Z a-z 0-9 _ -`.
        public var metadataKeys: [String]
    }

    /// What is recorded of events that the collector rejects.
    public struct RejectedEvents: Sendable {
        /// Whether they go to the dead-letter topic.
        public var isRecorded: Bool
        /// Events a second, in the long run.
        public var rate: Int
        /// Events at once.
        public var burst: Int
        /// Bytes that may wait to be written.
        public var queueSize: Int
    }

    /// What the process does.
    public var role: Role
    /// The directory of the embedded profile; `nil` where the three servers are used.
    public var dataDirectory: String?
    /// The log.
    public var kafka: Kafka
    /// The store of raw events.
    public var mongodb: MongoDB
    /// The store of rollups.
    public var postgres: PostgreSQL
    /// The collector.
    public var collector: Collector
    /// The directory of the schemas of event types; `nil` where there are none.
    public var schemasDirectory: String?
    /// What is recorded of rejected events.
    public var rejectedEvents: RejectedEvents
    /// What takes events while the log does not.
    public var spill: Spill
    /// The dashboard API.
    public var dashboard: Dashboard
    /// The worker.
    public var worker: Worker
    /// The aggregator.
    public var aggregator: Aggregator
    /// The IANA name of the zone that days and weeks are cut in.
    public var reportingTimeZone: String
    /// The lowest level that is logged.
    public var logLevel: Logger.Level
    /// What does not stop the start but should be logged.
    public var warnings: [String]
}

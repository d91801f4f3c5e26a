internal import Logging
public import Stores

/// Raw events, progress and the index of dead letters in MongoDB.
///
/// Every write is `w: majority, j: true`; every read asks the primary with read concern `majority`. Calls wait on
/// threads of their own, one a connection.
public final class MongoStore: RawEventStore {
    /// How the store uses its server.
    public struct Options: Sendable {
        /// How many connections, and so how many calls at a time.
        public var connections = 4
        /// How many days raw events are kept, counted from when they were stored. Dedupe reaches as far.
        public var retentionDays = 90
        /// How long to look for a primary, in milliseconds, unless the URI says.
        public var serverSelectionTimeout: Int32 = 5_000
        /// How long to wait for an answer, in milliseconds, unless the URI says. libmongoc tries once more where
        /// that is safe, so a call may take twice as long.
        public var socketTimeout: Int32 = 30_000
        /// How long to wait for a majority to acknowledge, in milliseconds.
        public var writeTimeout: Int64 = 20_000
        /// How long `checkHealth` takes at most, in milliseconds, for each of its steps.
        public var healthTimeout: Int32 = 2_000
        /// The name that the server's log and `currentOp` show, unless the URI has one.
        public var applicationName = "tributary"

        /// The defaults.
        public init() {}
    }

    let connections: ConnectionSet
    let options: Options
    let metrics = MongoMetrics()
    private let probe: ConnectionSet

    /// Prepares a store; connects only when it is used.
    ///
    /// - Parameters:
    ///   - uri: a MongoDB URI; it never appears in an error or a log.
    ///   - database: the database's name; `nil` for the URI's own, or else `tributary`.
    /// - Throws: `.invalidConfiguration`.
    public init(uri: String, database: String? = nil, options: Options = Options()) throws(DatabaseError) {
        let limits = TimeLimits(serverSelection: options.serverSelectionTimeout, socket: options.socketTimeout)
        let address = try MongoAddress(uri, limits: limits, applicationName: options.applicationName)
        let database = try Self.checked(database ?? address.database ?? "tributary")
        guard (1...100).contains(options.connections), (1...36_500).contains(options.retentionDays) else {
            throw DatabaseError(
                .invalidConfiguration, store: mongoStoreName, "1 to 100 connections and 1 to 36500 days are possible")
        }
        let pool = try ClientPool(address, size: options.connections)
        let writeTimeout = options.writeTimeout
        connections = ConnectionSet(
            (0..<options.connections).map { number in
                MongoConnection(
                    MongoClient(from: pool, database: database, writeTimeout: writeTimeout), name: "mongodb-\(number)")
            })
        let probeAddress = try MongoAddress(uri, limits: limits, applicationName: options.applicationName)
        probeAddress.limit(to: options.healthTimeout)
        probe = ConnectionSet([
            MongoConnection(try MongoClient(probeAddress, database: "admin"), name: "mongodb-health")
        ])
        self.options = options
    }

    private static func checked(_ name: String) throws(DatabaseError) -> String {
        guard !name.isEmpty, name.utf8.count <= 63, !name.contains(where: { "/\\. \"$*<>:|?\0".contains($0) }) else {
            throw DatabaseError(
                .invalidConfiguration, store: mongoStoreName, "\"\(name)\" cannot be the name of a database")
        }
        return name
    }

    public func checkHealth() async throws {
        try await metrics.measure(.ping) {
            try await self.probe.withConnection { connection in
                try await connection.perform { (client) throws(DatabaseError) in
                    try client.command(BSONBatch { $0.field("ping", Int32(1)) }, MongoOperation.ping.doing)
                }
            }
        }
    }

    public func close() async {
        await connections.close()
        await probe.close()
    }

    /// Runs a call on one of the connections.
    func run<Value: Sendable>(
        _ operation: MongoOperation, _ body: @Sendable (MongoClient) throws(DatabaseError) -> Value
    ) async throws -> Value {
        try await metrics.measure(operation) {
            try await self.connections.withConnection { try await $0.perform(body) }
        }
    }
}

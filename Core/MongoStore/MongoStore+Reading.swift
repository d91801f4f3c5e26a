public import Stores

extension MongoStore {
    public func withConsistentReader<Value: Sendable>(
        _ body: @Sendable (any RawEventReader) async throws -> Value
    ) async throws -> Value {
        try await connections.withConnection { connection in
            let session = try await metrics.measure(.session) {
                try await connection.perform { (client) throws(DatabaseError) in try client.startSession() }
            }
            do {
                let value = try await body(MongoReader(connection: connection, session: session, metrics: metrics))
                await connection.end(session)
                return value
            } catch {
                await connection.end(session)
                throw error
            }
        }
    }
}

extension MongoConnection {
    /// Ends a session; after `close` there is none left to end.
    fileprivate func end(_ session: Int) {
        try? perform { (client) throws(DatabaseError) in client.endSession(session) }
    }
}

/// Reads within one causally consistent session: each sees at least what the one before it saw, so the events
/// counted in progress are found.
private struct MongoReader: RawEventReader {
    let connection: MongoConnection
    let session: Int
    let metrics: MongoMetrics

    func progress() async throws -> [IngestProgress] {
        try await metrics.measure(.readProgress) {
            try await connection.perform { [session] (client) throws(DatabaseError) in
                try client.progress(session: session)
            }.sorted { $0.partition < $1.partition }
        }
    }

    func events(in window: OffsetWindow, metadata keys: MetadataKeys) async throws -> [StoredEvent] {
        guard !window.offsets.isEmpty else { return [] }
        return try await metrics.measure(.readWindow) {
            let events = try await connection.perform { [session] (client) throws(DatabaseError) in
                let filter = BSONBatch { $0.window(window, "ingest.epoch", "ingest.partition", "ingest.offset") }
                return try client.find(
                    Collections.rawEvents, filter, project: StoredEvent.fields(with: keys), session: session,
                    MongoOperation.readWindow.doing
                ) { (document) throws(BSONFault) in try StoredEvent(document, keys) }
            }
            return inOrder(events)
        }
    }
}

/// Events by offset. The index gives them so on one server, several shards do not; asking the server to sort costs
/// more than looking here.
func inOrder(_ events: [StoredEvent]) -> [StoredEvent] {
    let areInOrder = zip(events, events.dropFirst()).allSatisfy { $0.offset < $1.offset }
    return areInOrder ? events : events.sorted { $0.offset < $1.offset }
}

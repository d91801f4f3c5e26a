internal import Stores
internal import Synchronization
internal import Threading

/// A client on a thread of its own: whoever waits for MongoDB waits there.
actor MongoConnection {
    private let thread: DedicatedThread
    private var client: MongoClient?

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ client: sending MongoClient, name: String) {
        thread = DedicatedThread(name: name)
        self.client = client
    }

    /// Runs a call on the client. Throws `.closed` after `close`.
    func perform<Value: Sendable>(
        _ body: @Sendable (MongoClient) throws(DatabaseError) -> Value
    ) throws(DatabaseError) -> Value {
        guard let client else { throw closedError }
        return try body(client)
    }

    /// Gives the client back, after the calls that came before.
    func close() { client = nil }
}

/// What every call on a closed store throws.
let closedError = DatabaseError(.closed, store: mongoStoreName, "the store is closed")

/// The connections of one store. A call goes to the one with the fewest calls under way.
final class ConnectionSet: Sendable {
    private struct Slot {
        let connection: MongoConnection
        var calls = 0
    }

    private let slots: Mutex<[Slot]>

    init(_ connections: [MongoConnection]) { slots = Mutex(connections.map { Slot(connection: $0) }) }

    /// Lends a connection for the time of `body`. Throws `.closed` after `close`.
    func withConnection<Value: Sendable>(
        _ body: (MongoConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try take()
        defer { giveBack(connection) }
        return try await body(connection)
    }

    /// Waits for what is under way and lets go of all connections.
    func close() async {
        let connections = slots.withLock { slots in
            defer { slots = [] }
            return slots.map(\.connection)
        }
        for connection in connections { await connection.close() }
    }

    private func take() throws(DatabaseError) -> MongoConnection {
        let taken: MongoConnection? = slots.withLock { slots in
            guard let least = slots.indices.min(by: { slots[$0].calls < slots[$1].calls }) else { return nil }
            slots[least].calls += 1
            return slots[least].connection
        }
        guard let taken else { throw closedError }
        return taken
    }

    private func giveBack(_ connection: MongoConnection) {
        slots.withLock { slots in
            if let index = slots.firstIndex(where: { $0.connection === connection }) { slots[index].calls -= 1 }
        }
    }
}

internal import Stores
internal import Synchronization

/// A fixed number of connections, each opened when first needed.
final class PostgresPool: Sendable {
    private typealias Waiter = CheckedContinuation<PostgresConnection, any Error>

    private let state: Mutex<PoolState<PostgresConnection, Waiter>>
    private let lastID = Atomic<UInt64>(0)
    private let telemetry: PostgresTelemetry

    init(
        _ count: Int, _ address: ConnectionString, _ options: PostgresOptions, _ telemetry: PostgresTelemetry
    ) throws(DatabaseError) {
        var connections: [PostgresConnection] = []
        for _ in 0..<count { connections.append(try PostgresConnection(address, options, telemetry)) }
        state = Mutex(PoolState(connections, maximumWaiters: options.maximumWaiters))
        self.telemetry = telemetry
    }

    /// Runs a transaction on a free connection: commits when `body` returns, rolls back when it throws.
    func transaction<Value: Sendable>(
        _ mode: TransactionMode, _ body: @Sendable (PostgresSession) async throws -> Value
    ) async throws -> Value {
        let connection = try await acquire()
        let start = ContinuousClock.now
        do {
            let value = try await transaction(mode, on: connection, body)
            release(connection)
            telemetry.ended(nil, after: ContinuousClock.now - start)
            return value
        } catch {
            release(connection)
            telemetry.ended(error, after: ContinuousClock.now - start)
            throw error
        }
    }

    private func transaction<Value: Sendable>(
        _ mode: TransactionMode, on connection: PostgresConnection,
        _ body: @Sendable (PostgresSession) async throws -> Value
    ) async throws -> Value {
        let session = try await PostgresSession(beginning: mode, on: connection)
        do {
            let value = try await body(session)
            try await session.commit()
            await session.end()
            return value
        } catch {
            await session.end()
            throw error
        }
    }

    /// Closes idle connections at once, the others when they are given back, and turns away all who wait.
    func close() async {
        let (idle, waiters) = state.withLock { $0.close() }
        for waiter in waiters { waiter.resume(throwing: DatabaseError.closed("the store is closed")) }
        for connection in idle { await connection.close() }
        telemetry.waiting(0)
    }

    private func acquire() async throws -> PostgresConnection {
        let id = lastID.add(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { enqueue(id, $0) }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { telemetry.waiting(state.waiting) }
                return state.cancel(id)
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    private func enqueue(_ id: UInt64, _ waiter: Waiter) {
        // Asked under the lock: whoever cancels later finds the waiter in the queue.
        let acquisition = state.withLock { state -> PoolState<PostgresConnection, Waiter>.Acquisition? in
            defer { telemetry.waiting(state.waiting) }
            return Task.isCancelled ? nil : state.acquire(id, waiter)
        }
        switch acquisition {
        case .lease(let connection): waiter.resume(returning: connection)
        case .queued: break
        case .full:
            waiter.resume(throwing: DatabaseError(postgres: .unreachable, "too many callers wait for a connection"))
        case .closed: waiter.resume(throwing: DatabaseError.closed("the store is closed"))
        case nil: waiter.resume(throwing: CancellationError())
        }
    }

    private func release(_ connection: PostgresConnection) {
        let release = state.withLock { state in
            defer { telemetry.waiting(state.waiting) }
            return state.release(connection)
        }
        // A connection that is let go closes when its last reference goes.
        if case .handOver(let waiter) = release { waiter.resume(returning: connection) }
    }
}

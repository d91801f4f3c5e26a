internal import CPostgres
internal import Glibc
internal import Stores

/// A statement that is prepared once on each connection.
struct PostgresStatement: Sendable {
    /// Its name on the server.
    let name: String
    /// Its text, with `$1`, ….
    let sql: String
}

/// The one owner of a `PGconn`. Waits in its calls, so it stays on its connection's thread.
///
/// Written over libpq's non-blocking calls: a statement has a deadline of ours, also when the server has gone
/// silent, and a cancelled task stops waiting.
final class PostgresHandle {
    private let connection: OpaquePointer
    private let wake: WakeSignal
    private let patience: Duration
    private var prepared: Set<String> = []

    /// Connects and sets the session's limits.
    init(_ address: ConnectionString, _ options: PostgresOptions, wake: WakeSignal) throws {
        guard let connection = address.connect(options) else {
            throw DatabaseError(postgres: .other, "no memory for a connection")
        }
        self.connection = connection
        self.wake = wake
        // The server answers first, unless it cannot.
        patience = options.statementTimeout + .seconds(5)
        guard PQstatus(connection) == CONNECTION_OK else { throw refusal(address) }
        PQsetnonblocking(connection, 1)
        // libpq would print notices to standard error.
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        try script(
            """
            SET statement_timeout = \(options.statementTimeout.wholeMilliseconds);
            SET idle_in_transaction_session_timeout = \(options.idleInTransactionTimeout.wholeMilliseconds)
            """)
    }

    deinit { PQfinish(connection) }

    /// Whether the connection stands, as far as is known.
    var isOpen: Bool { PQstatus(connection) == CONNECTION_OK }

    /// Whether it stands and no transaction is under way.
    var isIdle: Bool { isOpen && PQtransactionStatus(connection) == PQTRANS_IDLE }

    /// Runs statements without parameters, which the task's cancellation does not stop, and gives the last result.
    @discardableResult
    func script(_ sql: String, isUnlimited: Bool = false) throws -> PostgresResult {
        try exchange(isInterruptible: false, isUnlimited) { PQsendQuery(connection, sql) }
    }

    /// Runs one statement, preparing it if need be. Throws `CancellationError` where the task is cancelled: then the
    /// statement has not been run, or its transaction has failed.
    func run(_ statement: PostgresStatement, _ parameters: [PostgresParameter]) throws -> PostgresResult {
        if !prepared.contains(statement.name) {
            let types = parameters.map(\.type)
            _ = try exchange(isInterruptible: false) {
                PQsendPrepare(connection, statement.name, statement.sql, Int32(types.count), types)
            }
            prepared.insert(statement.name)
        }
        return try exchange(isInterruptible: true) { send(statement, parameters) }
    }

    private func send(_ statement: PostgresStatement, _ parameters: [PostgresParameter]) -> Int32 {
        // One arena for all values: a pointer to each array would need a nest of closures.
        let arena = parameters.flatMap(\.bytes)
        let lengths = parameters.map { Int32($0.bytes.count) }
        let formats = [Int32](repeating: 1, count: parameters.count)
        return (arena + [0]).withUnsafeBytes { bytes in
            var offset = 0
            let values: [UnsafePointer<CChar>?] = lengths.map { length in
                defer { offset += Int(length) }
                return bytes.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self)
            }
            return PQsendQueryPrepared(
                connection, statement.name, Int32(parameters.count), values, lengths, formats, 1)
        }
    }
}

// MARK: - Waiting

extension PostgresHandle {
    /// Sends, then waits for all that comes back. Throws the first failure.
    private func exchange(
        isInterruptible: Bool, _ isUnlimited: Bool = false, _ send: () -> Int32
    ) throws -> PostgresResult {
        wake.lower()
        if isInterruptible { try Task.checkCancellation() }
        guard send() == 1 else { throw lost() }
        let deadline = isUnlimited ? nil : ContinuousClock.now + patience
        var last: PostgresResult?
        var failure: DatabaseError?
        repeat {
            try wait(until: deadline, isInterruptible)
            guard let pointer = PQgetResult(connection) else { break }
            let result = PostgresResult(owning: pointer)
            failure = failure ?? result.failure
            last = result
        } while true
        if let failure {
            if isInterruptible, failure.code == .timedOut { try Task.checkCancellation() }
            throw failure
        }
        guard let last else { throw lost() }
        return last
    }

    /// Returns when a result can be had without waiting.
    private func wait(until deadline: ContinuousClock.Instant?, _ isInterruptible: Bool) throws {
        var unsent = try flush()
        var isCancelSent = false
        while unsent || PQisBusy(connection) == 1 {
            let events = Int16(POLLIN) | (unsent ? Int16(POLLOUT) : 0)
            var descriptors = [
                pollfd(fd: PQsocket(connection), events: events, revents: 0),
                pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let limit = deadline.map {
                max(0, min(ContinuousClock.now.duration(to: $0), .seconds(60)).wholeMilliseconds)
            }
            if poll(&descriptors, 2, Int32(limit ?? -1)) == 0, let deadline, ContinuousClock.now >= deadline {
                throw DatabaseError(postgres: .timedOut, "the server did not answer within \(patience)")
            }
            if descriptors[1].revents != 0 {
                wake.lower()
                if isInterruptible, Task.isCancelled, !isCancelSent {
                    isCancelSent = true
                    cancelStatement()
                }
            }
            if descriptors[0].revents != 0, PQconsumeInput(connection) == 0 { throw lost() }
            unsent = try flush()
        }
    }

    /// Whether something is still to be sent.
    private func flush() throws -> Bool {
        switch PQflush(connection) {
        case 0: false
        case 1: true
        default: throw lost()
        }
    }

    /// Asks the server, over a connection of its own, to stop; the statement then fails.
    private func cancelStatement() {
        guard let request = PQgetCancel(connection) else { return }
        defer { PQfreeCancel(request) }
        var message = [CChar](repeating: 0, count: 256)
        _ = PQcancel(request, &message, Int32(message.count))
    }

    private func lost() -> DatabaseError {
        let message = oneLine(String(cString: PQerrorMessage(connection)))
        return DatabaseError(postgres: .unreachable, "the connection was lost", cause: message)
    }

    /// Why no connection came about. libpq gives no SQLSTATE here, so the words must do.
    private func refusal(_ address: ConnectionString) -> DatabaseError {
        let message = address.redacted(oneLine(String(cString: PQerrorMessage(connection))))
        let isRefused =
            PQconnectionNeedsPassword(connection) == 1 || message.contains("authentication failed")
            || message.contains("pg_hba.conf")
        return DatabaseError(
            postgres: isRefused ? .notAuthorized : .unreachable, "cannot connect to the database", cause: message)
    }
}

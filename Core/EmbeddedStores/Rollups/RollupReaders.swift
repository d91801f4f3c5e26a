import GRDB
import Stores
import Synchronization

/// The connections that readers read through, each kept when its reader has ended: a fresh one would read the schema
/// and prepare every statement again.
///
/// So many readers at once, at most; others wait in order of arrival.
final class RollupReaders: Sendable {
    private typealias Waiter = CheckedContinuation<Void, Never>

    private struct Stock: Sendable {
        var idle: [DatabaseQueue] = []
        /// How many more readers there may be.
        var free: Int
        var waiters: [Waiter] = []
        var isClosed = false
    }

    private let path: String
    private let stock: Mutex<Stock>

    init(path: String, limit: Int = 16) {
        self.path = path
        stock = Mutex(Stock(free: limit))
    }

    /// Runs reads that all see the commit of this moment.
    func withSnapshot<Value: Sendable>(_ body: (DatabaseQueue) async throws -> Value) async throws -> Value {
        await enter()
        defer { leave() }
        let connection = try await perform("no snapshot of the rollups") {
            let connection = try take()
            try await connection.unsafeRead { db in
                try db.execute(sql: "BEGIN DEFERRED")
                // The first read fixes which commit is seen.
                _ = try Int.fetchOne(db, sql: "SELECT 1 FROM sqlite_schema LIMIT 1")
            }
            return connection
        }
        // Not asynchronously: that refuses to run in a cancelled task. It waits for nobody, since the body has ended.
        defer { giveBack(connection) }
        return try await body(connection)
    }

    /// Lets idle connections go at once, the others when they are given back.
    func close() {
        stock.withLock { stock in
            stock.isClosed = true
            stock.idle = []
        }
    }

    private func enter() async {
        await withCheckedContinuation { waiter in
            let isFree = stock.withLock { stock in
                guard stock.free > 0 else {
                    stock.waiters.append(waiter)
                    return false
                }
                stock.free -= 1
                return true
            }
            if isFree { waiter.resume() }
        }
    }

    private func leave() {
        let next = stock.withLock { stock -> Waiter? in
            guard stock.waiters.isEmpty else { return stock.waiters.removeFirst() }
            stock.free += 1
            return nil
        }
        next?.resume()
    }

    private func take() throws -> DatabaseQueue {
        if let idle = stock.withLock({ $0.idle.popLast() }) { return idle }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        // A reader spans awaits, so its transaction stays open from one access to the next.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = -2048")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    private func giveBack(_ connection: DatabaseQueue) {
        do {
            try connection.unsafeRead { db in
                if db.isInsideTransaction { try db.execute(sql: "ROLLBACK") }
            }
            stock.withLock { if !$0.isClosed { $0.idle.append(connection) } }
        } catch {
            // A connection that cannot even end its transaction is not used again.
        }
    }
}

import Foundation
import GRDB
import Stores
import Threading

/// What a writer keeps beside its connection: statements, and what it holds in memory of the tables. Touched on the
/// writer's thread only, and released there before the connection is closed.
protocol WriterState: AnyObject, SendableMetatype {
    /// Adds the transaction's last statements.
    func willCommit(_ db: Database) throws
    /// The transaction is durable.
    func didCommit()
    /// The transaction is undone: what memory took from it goes too.
    func didRollBack(_ db: Database) throws
    /// Transactions of the writer's own, after those of others. May throw: it is called again after the next one.
    /// - Returns: whether there is more to do at once.
    func settle(_ db: Database) throws -> Bool
}

/// The one writer of a file, on a thread of its own. Work that comes while a commit is under way shares the next one: a
/// transaction, a sync and a wake-up for all of it, one continuation for each caller.
final class GroupCommit<State: WriterState>: Sendable {
    private let pool: DatabasePool
    private let queue: CommitQueue<State>
    private let metrics: WriterMetrics
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the thread.
    /// - Parameters:
    ///   - name: the thread's, and the metrics' label `file`.
    ///   - limit: what may wait for a commit.
    ///   - checkpointPages: pages in the WAL at which they are copied into the file: few for short pauses, many where
    ///     the same pages are written again and again.
    ///   - makeState: called on the writer's thread, before the first transaction.
    init(
        _ name: String, pool: DatabasePool, limit: WorkSize, checkpointPages: Int,
        makeState: @escaping @Sendable (Database) throws -> State
    ) {
        self.pool = pool
        queue = CommitQueue(limit: limit)
        metrics = WriterMetrics(file: name)
        let loop = WriterLoop(
            pool: pool, queue: queue, metrics: metrics, checkpointPages: checkpointPages, makeState: makeState)
        startThread(named: "\(name)-writer") { [ended] in
            loop.run()
            ended.signal()
        }
    }

    /// What waits for a commit now.
    var waiting: WorkSize { queue.waitingSize }

    /// Runs statements in a transaction, perhaps together with others', and returns when it is durable.
    /// - Throws: what `body` throws: then nothing of it has been done; `QueueFull`.
    func submit<Value: Sendable>(
        _ size: WorkSize = WorkSize(), _ body: @escaping @Sendable (Database, State) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            var value: Value?
            let work = PendingWork<State>(size: size) { db, state in
                value = try body(db, state)
            } finish: { result in
                continuation.resume(with: result.map { value! })
            }
            guard let waiting = queue.add(work) else { return continuation.resume(throwing: QueueFull()) }
            metrics.waiting(waiting)
        }
    }

    /// Runs what must not be in a transaction, between two of the writer's. On a thread of its own: it is rare.
    func outsideTransactions(_ body: @escaping @Sendable (Database) throws -> Void) async throws {
        try await withCheckedThrowingContinuation { continuation in
            startThread(named: "writer-alone") { [pool] in
                continuation.resume(with: Result { try pool.writeWithoutTransaction(body) })
            }
        }
    }

    /// Takes no more work, and returns when all that waits is done and the writer has let go of its connection.
    func finish() async {
        queue.close()
        await withCheckedContinuation { continuation in
            startThread(named: "writer-ending") { [ended] in
                ended.wait()
                // For whoever closes again.
                ended.signal()
                continuation.resume()
            }
        }
    }

    deinit { queue.close() }
}

/// A queue has no room, or is closed: the caller sheds load.
struct QueueFull: Error {}

/// What the writer's thread does.
private final class WriterLoop<State: WriterState>: @unchecked Sendable {  // `run` is called once, on one thread
    private let pool: DatabasePool
    private let queue: CommitQueue<State>
    private let metrics: WriterMetrics
    private let makeState: @Sendable (Database) throws -> State
    private let checkpointPages: Int
    private var state: (own: State, wal: WriteAheadLog)?

    init(
        pool: DatabasePool, queue: CommitQueue<State>, metrics: WriterMetrics, checkpointPages: Int,
        makeState: @escaping @Sendable (Database) throws -> State
    ) {
        (self.pool, self.queue, self.metrics, self.makeState) = (pool, queue, metrics, makeState)
        self.checkpointPages = checkpointPages
    }

    func run() {
        var hasMore = false
        while let works = queue.take(atMost: hasMore ? 0 : nil) {
            if !works.isEmpty { perform(works) }
            hasMore = settle()
        }
        state = nil
    }

    private func perform(_ works: [PendingWork<State>]) {
        metrics.waiting(WorkSize())
        let start = ContinuousClock.now
        do {
            try transact(works)
            for work in works { work.finish(.success(())) }
        } catch {
            // One of several may be at fault: each for itself.
            for work in works { work.finish(works.count == 1 ? .failure(error) : Result { try transact([work]) }) }
        }
        metrics.committed(in: ContinuousClock.now - start)
    }

    private func transact(_ works: [PendingWork<State>]) throws {
        try pool.writeWithoutTransaction { db in
            let state = try prepared(db)
            do {
                try db.inTransaction(.immediate) {
                    for work in works { try work.run(db, state) }
                    try state.willCommit(db)
                    return .commit
                }
            } catch {
                // What memory cannot undo it reads from the file again.
                do { try state.didRollBack(db) } catch { self.state = nil }
                throw error
            }
            state.didCommit()
        }
    }

    private func settle() -> Bool {
        guard let state else { return false }
        state.wal.settle()
        metrics.wal(pages: state.wal.pages)
        do {
            return try pool.writeWithoutTransaction { try state.own.settle($0) }
        } catch {
            return false
        }
    }

    private func prepared(_ db: Database) throws -> State {
        if let state { return state.own }
        let new = (own: try makeState(db), wal: try WriteAheadLog(db, threshold: checkpointPages))
        state = new
        return new.own
    }
}

import GRDB
public import Stores
import Synchronization

/// Rollups in one SQLite file, `rollups.db`: the embedded twin of the PostgreSQL store.
///
/// Handles of one file share its writer. `close` waits for a transaction under way, so a transaction's body must not
/// call it.
public final class EmbeddedRollupStore: RollupStore {
    private static let files = OpenFiles<RollupCore>()
    private let file: SharedFile<RollupCore>

    /// Opens or makes the file.
    /// - Throws: `DatabaseError` where the file cannot be opened.
    public init(path: String) throws {
        file = try SharedFile(path: path, in: Self.files, make: RollupCore.init)
    }

    public func provision(timeZone: String) async throws {
        try await file.use(orThrow: rollupsClosed) { core in
            try await core.gate.enter {
                try await perform("the rollups could not be provisioned") { try await core.writer.provision(timeZone) }
            }
        }
    }

    public func withTransaction<Value: Sendable>(
        _ body: @Sendable (any RollupTransaction) async throws -> Value
    ) async throws -> Value {
        try await file.use(orThrow: rollupsClosed) { core in
            try await core.gate.enter { try await Self.transact(core.writer, body) }
        }
    }

    private static func transact<Value: Sendable>(
        _ writer: RollupWriter, _ body: @Sendable (any RollupTransaction) async throws -> Value
    ) async throws -> Value {
        try await perform("a transaction could not begin") { try await writer.begin() }
        let lease = Lease(writer, "the transaction")
        do {
            let value = try await body(EmbeddedRollupTransaction(lease))
            lease.end()
            try await perform("the rollups could not be changed") { try await writer.commit() }
            return value
        } catch {
            lease.end()
            await writer.rollback()
            throw error
        }
    }

    public func withReader<Value: Sendable>(
        _ body: @Sendable (any RollupReader) async throws -> Value
    ) async throws -> Value {
        // `close` does not wait for readers, only for what they read: a verification may take minutes.
        let readers = try await file.use(orThrow: rollupsClosed) { $0.readers }
        return try await readers.withSnapshot { connection in
            let lease = Lease(connection, "the reader")
            defer { lease.end() }
            return try await body(EmbeddedRollupReader(lease, file))
        }
    }

    public func lead(as holder: String, for term: Duration) async throws -> Bool {
        try await file.use(orThrow: rollupsClosed) { core in
            core.lead.withLock { lead in
                let now = ContinuousClock.now
                guard lead.map({ $0.holder == holder || $0.until <= now }) ?? true else { return false }
                lead = (holder, now + term)
                return true
            }
        }
    }

    public func resign(as holder: String) async throws {
        try await file.use(orThrow: rollupsClosed) { core in
            core.lead.withLock { if $0?.holder == holder { $0 = nil } }
        }
    }

    public func checkHealth() async throws {
        try await withReader { _ = try await $0.state() }
    }

    public func close() async { await file.close() }
}

/// What the handles of a rollup file share.
struct RollupCore: FileCore {
    let pool: DatabasePool
    let writer: RollupWriter
    let readers: RollupReaders
    let gate = TransactionGate()
    /// Who of the handles leads, and until when: only this process has the file.
    let lead = Lead()

    init(path: String) throws {
        pool = try SQLiteFile.open(path, cacheSize: 32 * 1024)
        writer = RollupWriter(pool: pool)
        readers = RollupReaders(path: path)
    }

    func close() async {
        readers.close()
        try? pool.close()
    }
}

/// The lead of a file's aggregators.
final class Lead: Sendable {
    private let state = Mutex<(holder: String, until: ContinuousClock.Instant)?>(nil)

    func withLock<Value: Sendable>(
        _ body: (inout (holder: String, until: ContinuousClock.Instant)?) -> Value
    ) -> Value {
        state.withLock { body(&$0) }
    }
}

let rollupsClosed = Stores.DatabaseError(.closed, store: "embedded", "the rollups are closed")

/// Runs work, and says in the stores' terms what went wrong.
func perform<Value: Sendable>(
    _ doing: String, _ work: @Sendable () async throws -> Value
) async throws -> Value {
    do {
        return try await work()
    } catch let error as CancellationError {
        throw error
    } catch {
        throw Stores.DatabaseError.embedded(error, doing)
    }
}

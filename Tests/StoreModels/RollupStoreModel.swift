import Events
import Stores
import Synchronization

/// What rollups are, in dictionaries.
struct RollupTables: Sendable, Equatable {
    var state: RollupState
    var cursors: [PartitionEpoch: RollupCursor] = [:]
    var counts: [RollupKey: RollupCounts] = [:]
    var sets: [RollupKey: StoredSet] = [:]
    var visitors: [String: [Digest128: VisitorRecord]] = [:]
    var values: [DimensionWeek: Set<ExactText>] = [:]
    var forgettings: [Forgetting] = []
}

/// What a rollup store means: transactions that happen as a whole or not at all. Its calls are noted and can be made
/// to fail; calls that the contract forbids throw.
final class RollupStoreModel: RollupStore {
    private let journal: Journal
    private let stored: Mutex<RollupTables>
    private let lead = Mutex<(holder: String, until: ContinuousClock.Instant)?>(nil)

    /// An empty store.
    convenience init(timeZone: String = "UTC", journal: Journal = Journal()) {
        self.init(
            RollupTables(state: RollupState(timeZone: timeZone, completeThrough: nil, revision: 0)), journal: journal)
    }

    /// A store that holds this.
    init(_ tables: RollupTables, journal: Journal = Journal()) {
        self.journal = journal
        stored = Mutex(tables)
    }

    /// What has been committed.
    var tables: RollupTables { stored.withLock { $0 } }

    func withTransaction<Value: Sendable>(
        _ body: @Sendable (any RollupTransaction) async throws -> Value
    ) async throws -> Value {
        let transaction = RollupTransactionModel(tables, journal: journal)
        let value = try await body(transaction)
        try journal.carryOut("commit", failingWith: RollupTransactionModel.failure) { _ in
            stored.withLock { $0 = transaction.tables }
        }
        return value
    }

    func withReader<Value: Sendable>(
        _ body: @Sendable (any RollupReader) async throws -> Value
    ) async throws -> Value {
        try journal.carryOut("open reader", failingWith: RollupTransactionModel.failure) { _ in }
        return try await body(RollupTransactionModel(tables))
    }

    func lead(as holder: String, for term: Duration) async throws -> Bool {
        try journal.carryOut("lead", failingWith: RollupTransactionModel.failure) { _ in
            lead.withLock { lead in
                let now = ContinuousClock.now
                guard lead.map({ $0.holder == holder || $0.until <= now }) ?? true else { return false }
                lead = (holder, now + term)
                return true
            }
        }
    }

    func resign(as holder: String) async throws { lead.withLock { if $0?.holder == holder { $0 = nil } } }

    func provision(timeZone: String) async throws {}
    func checkHealth() async throws {}
    func close() async {}
}

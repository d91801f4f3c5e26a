import GRDB
import Synchronization
import Threading

/// The filter before the large index, and its building in the background: when a store is opened, has grown or has lost
/// much. Until the first one is there, every question goes to the index.
final class IDFilterKeeper {
    private let pool: DatabasePool
    private var filter: IDFilter?
    private var building: FilterBuilder?
    /// Hashes added since the building began: the builder's snapshot may not have them.
    private var addedMeanwhile: [Int64] = []
    /// Hashes that have left the index and are still in the filter.
    private var forgotten = 0

    init(_ pool: DatabasePool, idsStored: Int) {
        self.pool = pool
        if idsStored > 0 { build(idsStored) } else { filter = IDFilter(capacity: 0) }
    }

    deinit { building?.cancel() }

    func mayContain(_ hash: Int64) -> Bool { filter?.mayContain(hash) ?? true }

    func insert(_ hash: Int64) {
        filter?.insert(hash)
        if building != nil { addedMeanwhile.append(hash) }
    }

    func forget(_ count: Int) { forgotten += count }

    /// Takes over a filter that has been built meanwhile, and has another built where that is due.
    func settle(idsStored: Int) {
        if let result = building?.result {
            building = nil
            // One that could not be built is tried again when it is due: the answers stay right without it.
            if let built = try? result.get() {
                filter = built
                for hash in addedMeanwhile { filter?.insert(hash) }
            }
            addedMeanwhile = []
        }
        guard building == nil, let filter else { return }
        let isFull = filter.count > filter.capacity && filter.capacity < IDFilter.maximumCapacity
        if isFull || forgotten > filter.capacity / 2 { build(idsStored) }
    }

    private func build(_ idsStored: Int) {
        forgotten = 0
        building = FilterBuilder(pool, capacity: 2 * idsStored)
    }
}

/// Reads all hashes on a thread of its own.
private final class FilterBuilder: Sendable {
    private let outcome = Mutex<Result<IDFilter, any Error>?>(nil)
    private let isCancelled = Atomic(false)

    init(_ pool: DatabasePool, capacity: Int) {
        startThread(named: "seen-filter") { [self] in
            let result = Result { try pool.read { try read($0, IDFilter(capacity: capacity)) } }
            outcome.withLock { $0 = result }
        }
    }

    /// The filter or what went wrong, once it has ended.
    var result: Result<IDFilter, any Error>? { outcome.withLock { $0 } }

    func cancel() { isCancelled.store(true, ordering: .relaxed) }

    private func read(_ db: Database, _ empty: IDFilter) throws -> IDFilter {
        var filter = empty
        try PreparedStatement(db, "SELECT hash FROM seen").forEachRow { row in
            filter.insert(row.integer(0))
            return !isCancelled.load(ordering: .relaxed)
        }
        return filter
    }
}

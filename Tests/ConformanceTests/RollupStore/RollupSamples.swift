import Events
import Stores
import Testing

/// A key, by what matters to a check.
func key(
    _ value: String = "", _ period: PeriodNumber = 16_572, of source: String = "web",
    _ granularity: Granularity = .day, dimension: String? = nil
) -> RollupKey {
    RollupKey(
        source: source, granularity: granularity, period: period,
        dimension: dimension ?? (value.isEmpty ? allDimension : "path"), value: value)
}

func counts(_ events: Int64, _ visitors: Int64) -> RollupCounts { RollupCounts(events: events, visitors: visitors) }

func user(_ number: Int) -> Digest128 {
    Digest128(high: UInt64(number) &* 0x9e37_79b9_7f4a_7c15, low: UInt64(number))
}

func users(_ numbers: some Collection<Int>, day: PeriodNumber = 100) -> [(user: Digest128, firstDay: PeriodNumber)] {
    numbers.map { (user($0), day) }
}

func cursor(_ partition: Int32, _ next: Int64, epoch: Int32 = 1, stored: Int64? = nil) -> RollupCursor {
    RollupCursor(
        partition: PartitionEpoch(epoch: epoch, partition: partition), nextOffset: next, foldedStored: stored ?? next)
}

/// A rule's own failure, which a transaction must pass on.
struct Deliberate: Error, Equatable {}

/// The numbers of one row; `nil` where there is none.
func row(_ key: RollupKey, in store: any RollupStore) async throws -> RollupCounts? {
    let rows = try await store.withReader {
        try await $0.counts(
            key.granularity, periods: key.period...key.period, sources: [key.source], dimension: key.dimension,
            value: key.value)
    }
    #expect(rows.allSatisfy { $0.key == key })
    return rows.first?.counts
}

/// Runs a transaction as the aggregator does: the lock first, and again where it was contended.
func merge<Value: Sendable>(
    _ store: any RollupStore, _ body: @Sendable (any RollupTransaction) async throws -> Value
) async throws -> Value {
    for _ in 0..<100 {
        do {
            return try await store.withTransaction { transaction in
                _ = try await transaction.lockCursors()
                return try await body(transaction)
            }
        } catch let error as DatabaseError where error.code == .contended {}
    }
    throw DatabaseError(.contended, store: "test", "a hundred repetitions did not help")
}

/// Expects a `DatabaseError` of this kind.
func expect(
    _ code: DatabaseError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    let error = await #expect(
        throws: DatabaseError.self, sourceLocation: sourceLocation, performing: { try await body() })
    #expect(error?.code == code, "\(error?.description ?? "")", sourceLocation: sourceLocation)
}

/// What happened, in order.
actor Journal {
    private(set) var entries: [String] = []

    func note(_ entry: String) { entries.append(entry) }
}

/// Opens once; all who wait pass.
actor Gate {
    private var isOpen = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func open() {
        isOpen = true
        for waiter in waiters { waiter.resume() }
        waiters = []
    }

    func wait() async {
        if !isOpen { await withCheckedContinuation { waiters.append($0) } }
    }
}

/// A seeded generator (SplitMix64), so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

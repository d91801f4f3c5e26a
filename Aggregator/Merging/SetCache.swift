import Events
import Stores

/// The sets of late, decoded: a pass then reads only what it has not met before, and its cost follows the new events
/// and not the stored ones.
///
/// Good for as long as nobody else has changed the rollups: their revision tells. Bounded by bytes; what has not been
/// used for longest goes first.
struct SetCache: Sendable {
    private struct Entry: Sendable {
        var set: LoadedSet
        var used: Int
    }

    /// Bytes, at most, about.
    let limit: Int
    private var entries: [RollupKey: Entry] = [:]
    private(set) var cost = 0
    private var pass = 0
    /// The revision that the sets are of; `nil` while they are of none.
    private var revision: Int64?

    init(limit: Int) { self.limit = limit }

    var count: Int { entries.count }

    /// Begins a merge at a revision. Sets of another one are forgotten; until `end`, these are of none.
    /// - Returns: whether what was kept is good.
    mutating func begin(at revision: Int64) -> Bool {
        let isGood = self.revision == revision
        if !isGood { (entries, cost) = ([:], 0) }
        self.revision = nil
        pass += 1
        return isGood
    }

    /// The merge is committed, and the sets are of this revision.
    mutating func end(at revision: Int64) {
        self.revision = revision
        evict()
    }

    /// Those of the keys whose sets are not here.
    func missing(_ keys: some Sequence<RollupKey>) -> [RollupKey] { keys.filter { entries[$0] == nil } }

    /// Takes in a set as it is stored; a key without one has the empty set.
    mutating func insert(_ key: RollupKey, _ set: LoadedSet) {
        entries[key] = Entry(set: set, used: pass)
        cost += set.cost
    }

    /// Changes a set that is here.
    mutating func change<Value>(_ key: RollupKey, _ body: (inout LoadedSet) throws -> Value) rethrows -> Value {
        // Taken out meanwhile, so that the bitmap has one owner and is changed in place.
        var entry = entries.removeValue(forKey: key) ?? Entry(set: LoadedSet(), used: pass)
        cost -= entry.set.cost
        defer {
            entry.used = pass
            cost += entry.set.cost
            entries[key] = entry
        }
        return try body(&entry.set)
    }

    /// Lets sets go that somebody has written otherwise.
    mutating func forget(_ keys: some Sequence<RollupKey>) {
        for key in keys {
            if let entry = entries.removeValue(forKey: key) { cost -= entry.set.cost }
        }
    }

    private mutating func evict() {
        guard cost > limit else { return }
        // Down to three quarters, so that this does not come with every pass.
        for (key, entry) in entries.sorted(by: { $0.value.used < $1.value.used }) where cost > limit / 4 * 3 {
            entries[key] = nil
            cost -= entry.set.cost
        }
    }
}

/// The values that are on record, of late.
struct ValueCache: Sendable {
    /// When there are more values, all are forgotten.
    static let limit = 400_000

    private var recorded: [DimensionWeek: Set<ExactText>] = [:]
    private var count = 0

    /// Those of the values that are not known to be on record. What is known stays so until this is called again.
    mutating func missing(_ values: [DimensionWeek: [String]]) -> [DimensionWeek: [String]] {
        if count > Self.limit { (recorded, count) = ([:], 0) }
        return values.reduce(into: [:]) { missing, item in
            let new = item.value.filter { recorded[item.key]?.contains(ExactText($0)) != true }
            if !new.isEmpty { missing[item.key] = new }
        }
    }

    /// Takes in values that are on record.
    mutating func insert(_ values: [DimensionWeek: Set<ExactText>]) {
        for (week, values) in values {
            recorded[week, default: []].formUnion(values)
            count += values.count
        }
    }

    /// All values that are known to be on record.
    var all: [DimensionWeek: Set<ExactText>] { recorded }
}

import Bitmaps
import Events
import Stores

/// The store's numbers of the users of a fold, by source and local number.
struct VisitorNumbers: Sendable {
    private(set) var bySource: [String: [UInt32]] = [:]

    /// Looks users up, numbers the new ones and lowers first days. A user may be in several folds.
    static func assign(_ folds: [Fold], in transaction: any RollupTransaction) async throws -> [VisitorNumbers] {
        var numbers = [VisitorNumbers](repeating: VisitorNumbers(), count: folds.count)
        let aliases = VisitorAliases(try await transaction.forgettings())
        let users = folds.map { aliases.applied(to: $0.users) }
        for source in Set(users.flatMap(\.keys)).sorted() {
            var met: [Digest128: PeriodNumber] = [:]
            var order: [Digest128] = []
            for users in users {
                guard let users = users[source] else { continue }
                for (digest, day) in zip(users.digests, users.firstDays) {
                    if let known = met[digest] {
                        met[digest] = min(known, day)
                    } else {
                        met[digest] = day
                        order.append(digest)
                    }
                }
            }
            let assigned = try await assign(met, in: order, of: source, transaction)
            for index in folds.indices {
                numbers[index].bySource[source] = users[index][source]?.digests.map { assigned[$0]! }
            }
        }
        return numbers
    }

    private static func assign(
        _ met: [Digest128: PeriodNumber], in order: [Digest128], of source: String,
        _ transaction: any RollupTransaction
    ) async throws -> [Digest128: UInt32] {
        let known = try await transaction.visitors(of: source, order)
        let earlier = order.compactMap { digest in
            known[digest].flatMap { record in
                met[digest].flatMap { $0 < record.firstDay ? (number: record.number, firstDay: $0) : nil }
            }
        }
        if !earlier.isEmpty { try await transaction.lowerFirstDays(earlier, of: source) }
        var numbers = known.mapValues(\.number)
        let new = order.filter { known[$0] == nil }
        guard !new.isEmpty else { return numbers }
        let first = try await transaction.addVisitors(
            new.map { (user: $0, firstDay: met[$0] ?? 0) }, to: source)
        for (index, digest) in new.enumerated() { numbers[digest] = first + UInt32(index) }
        return numbers
    }
}

/// The changes of folds with the store's visitor numbers.
struct FoldedSets: Sendable {
    private(set) var rows: [RollupKey: (events: Int64, visitors: VisitorSet)] = [:]

    var keys: some Sequence<RollupKey> { rows.keys }

    /// Adds the changes of a fold.
    mutating func add(_ changes: [RollupKey: Fold.Change], _ numbers: VisitorNumbers) {
        for (key, change) in changes {
            guard let table = numbers.bySource[key.source] else { continue }
            let visitors = VisitorSet(change.users.map { table[Int($0)] })
            if rows[key] == nil {
                rows[key] = (change.events, visitors)
            } else {
                rows[key]?.events += change.events
                rows[key]?.visitors.formUnion(visitors)
            }
        }
    }
}

/// What a merge writes: counts of what is new, and sets as they grow.
struct SetWrites: Sendable {
    private(set) var changes: [(key: RollupKey, change: RollupCounts)] = []
    private(set) var deltas: [(key: RollupKey, delta: [UInt8])] = []
    private(set) var compactions: [(key: RollupKey, chunks: [UInt16: [UInt8]])] = []

    init(_ folded: FoldedSets, growing sets: inout SetCache) {
        for (key, row) in folded.rows.sorted(by: { $0.key < $1.key }) {
            let new = sets.change(key) { set -> VisitorSet in
                let new = row.visitors.subtracting(set.all)
                guard !new.isEmpty else { return new }
                switch set.add(new) {
                case .delta(let bytes): deltas.append((key, bytes))
                case .compaction(let chunks): compactions.append((key, chunks))
                }
                return new
            }
            changes.append((key, RollupCounts(events: row.events, visitors: Int64(new.count))))
        }
    }
}

import Bitmaps
import Events
import Stores

/// Merges a fold into the store, in one transaction with the cursors it moves.
///
/// Nothing is read before the cursors are locked, so that two mergers cannot both add the same visitors.
struct Merger: Sendable {
    let store: any RollupStore

    /// Merges and moves the cursors.
    /// - Throws: `.contended` where another merger was there first; nothing has changed then.
    func merge(_ fold: Fold, moving passes: [PartitionPass]) async throws {
        try await store.withTransaction { transaction in
            try Self.check(passes, against: try await transaction.lockCursors())
            if !fold.isEmpty {
                let numbers = try await VisitorNumbers.assign(fold.users, in: transaction)
                let sets = try FoldedSets(fold.changes(), numbers)
                try await SetMerge(sets).apply(to: transaction)
                try await transaction.raiseRevision()
            }
            try await transaction.moveCursors(passes.map { (from: $0.from, to: $0.to) })
        }
    }

    private static func check(_ passes: [PartitionPass], against cursors: [RollupCursor]) throws {
        let stored = Dictionary(uniqueKeysWithValues: cursors.map { ($0.partition, $0) })
        for pass in passes where stored[pass.to.partition] != pass.from {
            throw DatabaseError(
                .contended, store: "rollups", "another aggregator moved the cursor of \(pass.to.partition)")
        }
    }
}

/// The store's numbers of the users of a fold, by source and local number.
struct VisitorNumbers: Sendable {
    private(set) var bySource: [String: [UInt32]] = [:]

    /// Looks users up, numbers the new ones and lowers first days.
    static func assign(
        _ users: [String: Fold.Users], in transaction: any RollupTransaction
    ) async throws -> VisitorNumbers {
        var numbers = VisitorNumbers()
        for (source, met) in users.sorted(by: { $0.key < $1.key }) {
            numbers.bySource[source] = try await assign(met, of: source, in: transaction)
        }
        return numbers
    }

    private static func assign(
        _ met: Fold.Users, of source: String, in transaction: any RollupTransaction
    ) async throws -> [UInt32] {
        let known = try await transaction.visitors(of: source, met.digests)
        let earlier = zip(met.digests, met.firstDays).compactMap { digest, day in
            known[digest].flatMap { day < $0.firstDay ? (number: $0.number, firstDay: day) : nil }
        }
        if !earlier.isEmpty { try await transaction.lowerFirstDays(earlier, of: source) }
        let new = zip(met.digests, met.firstDays).filter { known[$0.0] == nil }.map { (user: $0.0, firstDay: $0.1) }
        var next = new.isEmpty ? 0 : try await transaction.addVisitors(new, to: source)
        return met.digests.map { digest in
            if let record = known[digest] { return record.number }
            defer { next += 1 }
            return next
        }
    }
}

/// The changes of a fold with the store's visitor numbers.
struct FoldedSets: Sendable {
    private(set) var events: [RollupKey: Int64] = [:]
    private(set) var visitors: [RollupKey: VisitorSet] = [:]

    init(_ changes: [RollupKey: Fold.Change], _ numbers: VisitorNumbers) throws {
        for (key, change) in changes {
            guard let table = numbers.bySource[key.source] else { continue }
            events[key] = change.events
            visitors[key] = VisitorSet(change.users.map { table[Int($0)] })
        }
    }
}

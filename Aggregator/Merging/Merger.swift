import Bitmaps
import Events
package import Stores
import Synchronization

/// Merges folds into the store, each in one transaction with the cursors it moves.
///
/// Nothing is read before the cursors are locked, so that two mergers cannot both add the same visitors.
package final class Merger: Sendable {
    /// Values of a dimension that have rows of their own, at most, in each source and week.
    package static let maximumValues = 10_000
    /// Sets compacted in one transaction: bounds what it holds, and how long it holds up others.
    private static let compactedAtOnce = 200
    /// Sets asked for at once.
    private static let readSize = 5_000

    private struct Memory: Sendable {
        var sets: SetCache
        var values = ValueCache()

        /// Begins a merge at a revision: what is kept of another one is forgotten, and so is what a transaction that
        /// failed has left.
        mutating func begin(at revision: Int64) {
            if !sets.begin(at: revision) { values = ValueCache() }
        }
    }

    let store: any RollupStore
    private let maximumValues: Int
    private let memory: Mutex<Memory>

    /// A merger.
    /// - Parameter cacheLimit: bytes of decoded sets to be kept between merges.
    package init(store: any RollupStore, cacheLimit: Int = 96 << 20, maximumValues: Int = Merger.maximumValues) {
        self.store = store
        self.maximumValues = maximumValues
        memory = Mutex(Memory(sets: SetCache(limit: cacheLimit)))
    }

    /// Merges folds of disjoint events and moves the cursors. One call at a time.
    /// - Parameter forgotten: how many users had been forgotten before the events were read.
    /// - Throws: `.contended` where another merger was there first, or a user was forgotten meanwhile; nothing has
    ///   changed then.
    package func merge(_ folds: [Fold], moving passes: [PartitionPass], forgotten: Int64 = 0) async throws {
        let folds = folds.filter { !$0.isEmpty }
        let revision = try await store.withTransaction { transaction in
            try Self.check(passes, against: try await transaction.lockCursors())
            var revision: Int64?
            if !folds.isEmpty {
                let state = try await transaction.state()
                try state.check(forgotten)
                memory.withLock { $0.begin(at: state.revision) }
                try await self.merge(folds, in: transaction)
                try await transaction.raiseRevision()
                revision = state.revision + 1
            }
            try await transaction.moveCursors(passes.map { (from: $0.from, to: $0.to) })
            return revision
        }
        // Only now: sets of a transaction that failed are of no revision, and forgotten by the next one.
        if let revision { memory.withLock { $0.sets.end(at: revision) } }
    }

    /// Folds the deltas of periods that have closed into their bases: what is late now is rare, and what reads these sets
    /// finds them whole. No number changes.
    /// - Parameter open: the first period of each length that has not closed.
    /// - Returns: how many sets had deltas.
    @discardableResult
    func compact(before open: [Granularity: PeriodNumber]) async throws -> Int {
        var count = 0
        for (granularity, period) in open {
            while true {
                let keys = try await store.withReader {
                    try await $0.keysWithDeltas(granularity, before: period, limit: Self.compactedAtOnce)
                }
                guard !keys.isEmpty else { break }
                try await compact(keys)
                count += keys.count
            }
        }
        return count
    }

    private func compact(_ keys: [RollupKey]) async throws {
        try await store.withTransaction { transaction in
            _ = try await transaction.lockCursors()
            for (key, stored) in try await transaction.sets(keys) where !stored.deltas.isEmpty {
                var set = try LoadedSet(stored)
                try await transaction.compact(key, chunks: set.compact())
            }
        }
        memory.withLock { $0.sets.forget(keys) }
    }

    /// Merges a fold within a transaction in which nothing else is merged by anybody else.
    /// - Parameter isKept: the rows to be written.
    func merge(
        _ fold: Fold, in transaction: any RollupTransaction, where isKept: (RollupKey) -> Bool
    ) async throws {
        // All is of one revision, which nobody has seen yet.
        memory.withLock { $0.begin(at: 0) }
        try await merge([fold], in: transaction, where: isKept)
        memory.withLock { $0.sets.end(at: 0) }
    }

    private func merge(
        _ folds: [Fold], in transaction: any RollupTransaction, where isKept: (RollupKey) -> Bool = { _ in true }
    ) async throws {
        let numbers = try await VisitorNumbers.assign(folds, in: transaction)
        let recorded = try await record(folds, in: transaction)
        var sets = FoldedSets()
        for (fold, numbers) in zip(folds, numbers) {
            sets.add(fold.changes(recorded).filter { isKept($0.key) }, numbers)
        }
        try await load(sets.keys, in: transaction)
        let writes = memory.withLock { memory in SetWrites(sets, growing: &memory.sets) }
        try await transaction.add(writes.changes)
        if !writes.deltas.isEmpty { try await transaction.appendDeltas(writes.deltas) }
        for (key, chunks) in writes.compactions { try await transaction.compact(key, chunks: chunks) }
    }

    /// Puts new values on record, and returns all that are known to be.
    private func record(
        _ folds: [Fold], in transaction: any RollupTransaction
    ) async throws -> [DimensionWeek: Set<ExactText>] {
        var values: [DimensionWeek: [String]] = [:]
        for fold in folds { values.merge(fold.values()) { $0 + $1 } }
        let missing = memory.withLock { [values] in $0.values.missing(values) }
        let recorded = missing.isEmpty ? [:] : try await transaction.recordValues(missing, limit: maximumValues)
        return memory.withLock { memory in
            memory.values.insert(recorded)
            return memory.values.all
        }
    }

    private func load(_ keys: some Sequence<RollupKey>, in transaction: any RollupTransaction) async throws {
        var missing = memory.withLock { $0.sets.missing(keys) }[...]
        while !missing.isEmpty {
            let part = Array(missing.prefix(Self.readSize))
            missing = missing.dropFirst(Self.readSize)
            let stored = try await transaction.sets(part).mapValues(LoadedSet.init)
            memory.withLock { memory in
                for key in part { memory.sets.insert(key, stored[key] ?? LoadedSet()) }
            }
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

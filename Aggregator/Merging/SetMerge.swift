import Bitmaps
import Events
import Stores

/// Merges folded sets into stored ones: counts what is new, appends it as deltas, compacts where deltas have grown,
/// and keeps weeks as the unions of their days.
struct SetMerge: Sendable {
    private let folded: FoldedSets

    init(_ folded: FoldedSets) { self.folded = folded }

    func apply(to transaction: any RollupTransaction) async throws {
        let stored = try await transaction.sets(keysToRead).mapValues(LoadedSet.init)
        var changes: [(key: RollupKey, change: RollupCounts)] = weekChanges(stored)
        var deltas: [(key: RollupKey, delta: [UInt8])] = []
        var compactions: [(key: RollupKey, chunks: [UInt16: [UInt8]])] = []
        for key in folded.events.keys.sorted() {
            let (events, visitors) = (folded.events[key] ?? 0, folded.visitors[key] ?? VisitorSet())
            let new = stored[key].map { visitors.subtracting($0.all) } ?? visitors
            changes.append((key, RollupCounts(events: events, visitors: Int64(new.count))))
            guard !new.isEmpty else { continue }
            if let chunks = (stored[key] ?? LoadedSet()).compacted(adding: new) {
                compactions.append((key, chunks))
            } else {
                deltas.append((key, new.serialized()))
            }
        }
        try await transaction.add(changes)
        if !deltas.isEmpty { try await transaction.appendDeltas(deltas) }
        for (key, chunks) in compactions { try await transaction.compact(key, chunks: chunks) }
    }

    /// The keys touched, and every day of the weeks touched.
    private var keysToRead: [RollupKey] {
        var keys = Set(folded.events.keys)
        for key in folded.events.keys where key.granularity == .day { keys.formUnion(Self.weekdays(of: key)) }
        return keys.sorted()
    }

    /// The seven days of the week that a day lies in, of the same source, dimension and value.
    private static func weekdays(of day: RollupKey) -> [RollupKey] {
        let monday = CivilDate.monday(of: day.period)
        return (monday..<monday + 7).map { period in
            var key = day
            key.period = period
            return key
        }
    }

    /// What the weeks gain: a visitor is new to a week who was on none of its days before.
    private func weekChanges(_ stored: [RollupKey: LoadedSet]) -> [(key: RollupKey, change: RollupCounts)] {
        let days = folded.events.keys.filter { $0.granularity == .day }
        let weeks = Dictionary(grouping: days) { day in
            var week = day
            week.granularity = .week
            week.period = CivilDate.monday(of: day.period)
            return week
        }
        return weeks.sorted { $0.key < $1.key }.map { week, days in
            let before = VisitorSet.union(of: Self.weekdays(of: days[0]).compactMap { stored[$0]?.all })
            let met = VisitorSet.union(of: days.compactMap { folded.visitors[$0] })
            let events = days.reduce(0) { $0 + (folded.events[$1] ?? 0) }
            return (week, RollupCounts(events: events, visitors: Int64(met.subtracting(before).count)))
        }
    }
}

/// A stored set, decoded.
struct LoadedSet: Sendable {
    /// Deltas are folded into the base when they pass this part of its bytes. Each byte of a set is then rewritten
    /// about five times in its life (1 / ¼, plus once), while a pass writes little more than what is new.
    static let compactionRatio = 4

    /// The union of base and deltas.
    let all: VisitorSet
    private let baseSize: Int
    private let deltaSize: Int
    /// The numbers in deltas: the chunks that compaction would rewrite.
    private let pending: VisitorSet

    init() { (all, pending, baseSize, deltaSize) = (VisitorSet(), VisitorSet(), 0, 0) }

    init(_ stored: StoredSet) throws {
        let chunks = try stored.chunks.values.map { try VisitorSet(serialized: $0) }
        let deltas = try stored.deltas.map { try VisitorSet(serialized: $0) }
        pending = VisitorSet.union(of: deltas)
        all = VisitorSet.union(of: chunks + deltas)
        baseSize = stored.chunks.values.reduce(0) { $0 + $1.count }
        deltaSize = stored.deltas.reduce(0) { $0 + $1.count }
    }

    /// The chunks to be rewritten if deltas have grown past their part of the base; `nil` if they have not.
    func compacted(adding new: VisitorSet) -> [UInt16: [UInt8]]? {
        guard (deltaSize + new.serialized().count) * Self.compactionRatio > baseSize else { return nil }
        let touched = Set(VisitorSet.union(of: [pending, new]).chunks().keys)
        return VisitorSet.union(of: [all, new]).chunks().filter { touched.contains($0.key) }.mapValues {
            $0.serialized()
        }
    }
}

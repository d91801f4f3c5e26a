import Bitmaps
import Stores

/// A stored set, decoded.
struct LoadedSet: Sendable {
    /// Deltas are folded into the base when they pass this part of its bytes. Each byte of a set is then rewritten
    /// about five times in its life (1 / ¼, plus once), while a pass writes little more than what is new.
    static let compactionRatio = 4

    /// The union of base and deltas.
    private(set) var all = VisitorSet()
    private var chunkSizes: [UInt16: Int] = [:]
    private var deltaSize = 0
    /// The numbers in deltas: the chunks that compaction would rewrite.
    private var pending = VisitorSet()

    init() {}

    init(_ stored: StoredSet) throws {
        let chunks = try stored.chunks.values.map { try VisitorSet(serialized: $0) }
        let deltas = try stored.deltas.map { try VisitorSet(serialized: $0) }
        pending = VisitorSet.union(of: deltas)
        all = VisitorSet.union(of: chunks + deltas)
        chunkSizes = stored.chunks.mapValues(\.count)
        deltaSize = stored.deltas.reduce(0) { $0 + $1.count }
    }

    private var baseSize: Int { chunkSizes.values.reduce(0, +) }

    /// About how much memory it takes, in bytes.
    var cost: Int { 600 + baseSize + 2 * deltaSize }

    /// How a set is to be written when it grows.
    enum Growth: Sendable {
        case delta([UInt8])
        /// The chunks to be rewritten; all deltas go.
        case compaction([UInt16: [UInt8]])
    }

    /// Adds numbers that are not in the set, and says what is to be written.
    mutating func add(_ new: VisitorSet) -> Growth {
        let delta = new.serialized()
        all.formUnion(new)
        pending.formUnion(new)
        deltaSize += delta.count
        return deltaSize * Self.compactionRatio > baseSize ? .compaction(compact()) : .delta(delta)
    }

    /// Folds the deltas into the base.
    /// - Returns: the chunks to be rewritten; all deltas go.
    mutating func compact() -> [UInt16: [UInt8]] {
        let chunks = all.chunks(Set(pending.chunks().keys)).mapValues { $0.serialized() }
        chunkSizes.merge(chunks.mapValues(\.count)) { $1 }
        (pending, deltaSize) = (VisitorSet(), 0)
        return chunks
    }
}

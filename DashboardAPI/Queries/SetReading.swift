import Bitmaps
import Stores

/// Reads sets in parts, so that no answer needs them all in memory at once.
enum SetReading {
    /// Sets that are read at once; one of a million visitors is 128 KiB.
    static let batch = 128

    /// The sets of these keys, decoded; `nil` reads as empty.
    static func sets(_ keys: [RollupKey], _ reader: any RollupReader) async throws -> [RollupKey: VisitorSet] {
        try await parts(keys, reader).mapValues { $0.count == 1 ? $0[0] : .union(of: $0) }
    }

    /// How many visitors each group of sets has in all.
    static func unionCounts(of groups: [[RollupKey]], _ reader: any RollupReader) async throws -> [Int64] {
        var counts: [Int64] = []
        counts.reserveCapacity(groups.count)
        var rest = groups[...]
        while let first = rest.first {
            if first.count > batch {
                counts.append(Int64(try await union(of: first, reader).count))
                rest.removeFirst()
                continue
            }
            var (part, size) = ([[RollupKey]](), 0)
            while let next = rest.first, size + next.count <= batch {
                part.append(next)
                size += next.count
                rest.removeFirst()
            }
            let sets = try await parts(part.flatMap { $0 }, reader)
            counts += part.map { keys in Int64(VisitorSet.unionCount(of: keys.flatMap { sets[$0] ?? [] })) }
        }
        return counts
    }

    /// The union of sets.
    static func union(of keys: [RollupKey], _ reader: any RollupReader) async throws -> VisitorSet {
        var union = VisitorSet()
        for start in stride(from: 0, to: keys.count, by: batch) {
            let sets = try await parts(Array(keys[start..<min(keys.count, start + batch)]), reader)
            union = .union(of: [union] + sets.values.joined())
        }
        return union
    }

    /// The sets as they are stored, in parts: what is to be united need not be put together first.
    private static func parts(
        _ keys: [RollupKey], _ reader: any RollupReader
    ) async throws -> [RollupKey: [VisitorSet]] {
        try await reader.sets(keys).mapValues { set in
            try (Array(set.chunks.values) + set.deltas).map { try VisitorSet(serialized: $0) }
        }
    }
}

import Bitmaps
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// Compaction changes how a set is stored, never what it holds.
struct LoadedSetTests {
    /// Numbers under a few high halves, near each other or far apart.
    private func numbers(_ random: inout SeededRandom) -> Set<UInt32> {
        let high = ([0, 1, 7, 0xFFFF] as [UInt32]).randomElement(using: &random) ?? 0
        let width = ([20, 3000, 0xFFFF] as [UInt32]).randomElement(using: &random) ?? 0
        let count = Int.random(in: 1...300, using: &random)
        return Set((0..<count).map { _ in high << 16 | UInt32.random(in: 0...width, using: &random) })
    }

    @Test func theUnionNeverChanges() throws {
        var random = SeededRandom.announced()
        var (compactions, appends) = (0, 0)
        for _ in 0..<40 {
            var (stored, expected) = (StoredSet(), Set<UInt32>())
            for _ in 0..<30 {
                let new = numbers(&random).subtracting(expected)
                guard !new.isEmpty else { continue }
                var kept = try LoadedSet(stored)
                #expect(Set(kept.all.numbers) == expected)
                switch kept.add(VisitorSet(new.sorted())) {
                case .compaction(let chunks):
                    compactions += 1
                    stored.chunks.merge(chunks) { $1 }
                    stored.deltas = []
                case .delta(let delta):
                    appends += 1
                    stored.deltas.append(delta)
                    #expect(size(stored.deltas) * LoadedSet.compactionRatio <= size(stored.chunks.values))
                }
                expected.formUnion(new)
                #expect(Set(kept.all.numbers) == expected, "what is kept is what is stored")
                try check(stored, holds: expected)
            }
        }
        #expect(compactions > 0 && appends > 0, "both ways were taken")
    }

    private func size(_ parts: some Collection<[UInt8]>) -> Int { parts.reduce(0) { $0 + $1.count } }

    private func check(_ stored: StoredSet, holds expected: Set<UInt32>) throws {
        #expect(Set(try LoadedSet(stored).all.numbers) == expected)
        #expect(try stored.parts().reduce(0) { $0 + $1.count } == expected.count, "disjoint")
        for (key, chunk) in stored.chunks {
            let numbers = try VisitorSet(serialized: chunk).numbers
            #expect(numbers.allSatisfy { UInt16($0 >> 16) == key })
        }
    }

    /// Only chunks that gained something are written.
    @Test func untouchedChunksStay() throws {
        let base = Set((0..<2000).map { UInt32($0) << 5 }).union([5 << 16, 6 << 16])
        let all = VisitorSet(base.sorted())
        let stored = StoredSet(chunks: all.chunks().mapValues { $0.serialized() })
        let small = VisitorSet([5 << 16 | 3])
        var kept = try LoadedSet(stored)
        guard case .delta = kept.add(small) else {
            Issue.record("so little is a delta")
            return
        }
        guard case .compaction(let chunks) = kept.add(VisitorSet((0..<1500).map { 6 << 16 | UInt32($0 * 3 + 1) }))
        else {
            Issue.record("so much is compacted")
            return
        }
        #expect(Set(chunks.keys) == [5, 6])
    }

    @Test func bytesThatAreNoSetAreTrouble() {
        #expect(throws: (any Error).self) { try LoadedSet(StoredSet(chunks: [0: [1, 2, 3]])) }
        #expect(throws: (any Error).self) { try LoadedSet(StoredSet(deltas: [[]])) }
    }
}

import Testing

@testable import EmbeddedStores

/// The two structures in memory before the index of ids, against plain ones.
struct IDTableTests {
    @Test("a table gives every key of a hash, and no other", arguments: [4, 1_000, UInt64.max])
    func table(hashes: UInt64) {
        let seed = UInt64.random(in: .min ... .max)
        print("id table: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var (table, model) = (IDTable(), [Int64: Set<Int64>]())
        for key in 0..<Int64(3_000) {
            let hash = Int64(truncatingIfNeeded: random.next() % hashes)
            table.insert(IDEntry(hash: hash, key: key))
            model[hash, default: []].insert(key)
        }
        #expect(table.count == 3_000)
        for hash in model.keys { #expect(keys(hash, table) == model[hash]) }
        for _ in 0..<1_000 {
            let hash = Int64(truncatingIfNeeded: random.next())
            #expect(keys(hash, table) == model[hash] ?? [])
        }
        let sorted = table.sorted()
        #expect(sorted == model.flatMap { hash, keys in keys.map { IDEntry(hash: hash, key: $0) } }.sorted())
        #expect(IDTable(sorted).sorted() == sorted)
        table.removeAll()
        #expect(table.count == 0 && table.sorted().isEmpty)
        #expect(model.keys.allSatisfy { keys($0, table).isEmpty })
    }

    private func keys(_ hash: Int64, _ table: IDTable) -> Set<Int64> {
        var keys: Set<Int64> = []
        _ = table.anyKey(hash) { key in
            keys.insert(key)
            return false
        }
        return keys
    }

    /// Hashes as the store makes them, and as tests do: small numbers.
    @Test("a filter never denies what it was given, and seldom claims more", arguments: [true, false])
    func filter(isRandom: Bool) {
        let seed = UInt64.random(in: .min ... .max)
        print("id filter: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let count: Int64 = 200_000
        var filter = IDFilter(capacity: Int(count))
        let known = (0..<count).map { isRandom ? Int64(bitPattern: random.next()) : $0 }
        for hash in known { filter.insert(hash) }
        #expect(known.allSatisfy(filter.mayContain))
        let strangers = (0..<count).map { isRandom ? Int64(bitPattern: random.next()) : count + $0 }
        let wrong = strangers.count(where: filter.mayContain)
        #expect(wrong < Int(count) / 50, "\(wrong) of \(count)")
    }
}

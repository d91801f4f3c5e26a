import Bitmaps
import Testing

@Suite("A set of visitor numbers")
struct VisitorSetTests {
    @Test("agrees with Set<UInt32> in everything", arguments: 0..<4)
    func agreesWithModel(_: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<3 {
            let (a, b) = (random.numbers(), random.numbers())
            let set = VisitorSet(Array(a).shuffled(using: &random))
            let other = VisitorSet(b.sorted())
            try expectSame(set, a, seed)
            #expect(set.unionCount(other) == a.union(b).count, "seed \(seed)")
            #expect(set.intersectionCount(other) == a.intersection(b).count, "seed \(seed)")
            #expect(set.subtractionCount(other) == a.subtracting(b).count, "seed \(seed)")
            try expectSame(changed(set) { $0.formUnion(other) }, a.union(b), seed)
            try expectSame(changed(set) { $0.formIntersection(other) }, a.intersection(b), seed)
            try expectSame(changed(set) { $0.subtract(other) }, a.subtracting(b), seed)
            try expectSame(set, a, seed)
            #expect((set == other) == (a == b), "seed \(seed)")
        }
    }

    @Test("serialises to the same bytes whatever its history")
    func canonicalBytes() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            let numbers = random.numbers()
            let bytes = VisitorSet(numbers.sorted()).serialized()
            for set in try histories(of: numbers, &random) {
                #expect(set.serialized() == bytes, "seed \(seed)")
                #expect(set == VisitorSet(Array(numbers)), "seed \(seed)")
            }
        }
    }

    @Test("serialises to the same bytes where a run is as small as an array")
    func canonicalTie() throws {
        let pairs: [UInt32] = [10, 11, 30, 31, 50, 51]
        let others = Set(0..<100).subtracting(pairs)
        // Sets that are read back consist of runs, and what is left of them stays runs, of an array's size.
        var runs = try VisitorSet(serialized: VisitorSet(Array(0..<100)).serialized())
        runs.subtract(try VisitorSet(serialized: VisitorSet(Array(others)).serialized()))
        #expect(runs.serialized() == VisitorSet(pairs).serialized())
    }

    @Test("unites many sets")
    func manySets() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for size in [0, 1, 2, 9] {
            let models = (0..<size).map { _ in random.numbers() }
            let all = models.reduce(into: Set<UInt32>()) { $0.formUnion($1) }
            let sets = models.map { VisitorSet(Array($0)) }
            #expect(VisitorSet.unionCount(of: sets) == all.count, "seed \(seed)")
            #expect(VisitorSet.union(of: sets).numbers == all.sorted(), "seed \(seed)")
        }
    }

    @Test("splits by the high 16 bits and joins again")
    func chunks() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            let numbers = random.numbers()
            let chunks = VisitorSet(Array(numbers)).chunks()
            let expected = Dictionary(grouping: numbers) { UInt16($0 >> 16) }
            #expect(chunks.mapValues(\.numbers) == expected.mapValues { $0.sorted() }, "seed \(seed)")
            #expect(VisitorSet(joining: chunks).numbers == numbers.sorted(), "seed \(seed)")
        }
    }

    @Test("holds the ends of the range, and nothing when empty")
    func edges() throws {
        let ends = VisitorSet([.max, 0, .max])
        #expect(ends.numbers == [0, .max])
        #expect(ends.chunks().keys.sorted() == [0, 0xffff])
        let empty = VisitorSet()
        #expect(empty.isEmpty && empty.count == 0 && empty.numbers == [] && empty.chunks() == [:])
        #expect(try VisitorSet(serialized: empty.serialized()) == VisitorSet([]))
        #expect(VisitorSet(joining: [:]) == empty)
    }

    @Test("is read by many tasks at once")
    func sharedReading() async {
        let numbers = (0..<200_000).map { UInt32($0 * 3) }
        let set = VisitorSet(numbers)
        let bytes = set.serialized()
        await withTaskGroup(of: Bool.self) { group in
            for offset in 0..<UInt32(8) {
                group.addTask {
                    var mine = set
                    mine.formUnion(VisitorSet([offset * 3 + 1]))
                    return mine.count == numbers.count + 1 && set.serialized() == bytes
                }
            }
            for await agrees in group { #expect(agrees) }
        }
    }
}

private func changed(_ set: VisitorSet, _ change: (inout VisitorSet) -> Void) -> VisitorSet {
    var copy = set
    change(&copy)
    return copy
}

private func expectSame(_ set: VisitorSet, _ model: Set<UInt32>, _ seed: UInt64) throws {
    #expect(set.numbers == model.sorted(), "seed \(seed)")
    #expect(set.count == model.count, "seed \(seed)")
    #expect(set.isEmpty == model.isEmpty, "seed \(seed)")
    #expect(set == VisitorSet(model.sorted()), "seed \(seed)")
    #expect(try VisitorSet(serialized: set.serialized()) == set, "seed \(seed)")
    for number in model.prefix(5) {
        #expect(set.contains(number), "seed \(seed)")
        #expect(set.contains(number ^ 1) == model.contains(number ^ 1), "seed \(seed)")
    }
}

/// The same set, come about in different ways.
private func histories(of numbers: Set<UInt32>, _ random: inout SeededGenerator) throws -> [VisitorSet] {
    let (first, second, extra) = (random.numbers(), random.numbers(), random.numbers())
    let sorted = numbers.sorted()
    let halves = changed(VisitorSet(Array(sorted.prefix(sorted.count / 2)))) {
        $0.formUnion(VisitorSet(Array(sorted.suffix(from: sorted.count / 2))))
    }
    let shrunk = changed(VisitorSet(Array(numbers.union(extra)))) {
        $0.subtract(VisitorSet(Array(extra.subtracting(numbers))))
    }
    let common = changed(VisitorSet(Array(numbers.union(first)))) {
        $0.formIntersection(VisitorSet(Array(numbers.union(second.subtracting(first)))))
    }
    let reread = try VisitorSet(serialized: shrunk.serialized())
    let many = VisitorSet.union(of: [halves, reread, VisitorSet(joining: common.chunks())])
    let runs = try changed(VisitorSet(serialized: halves.serialized())) { $0.formUnion(reread) }
    return [halves, shrunk, common, reread, many, runs]
}

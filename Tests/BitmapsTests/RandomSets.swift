/// A seeded generator (SplitMix64), so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

extension SeededGenerator {
    /// A set with all kinds of containers: sparse, dense, runs, full, and both sides of each library threshold.
    mutating func numbers() -> Set<UInt32> {
        var numbers: Set<UInt32> = []
        for _ in 0..<Int.random(in: 0...4, using: &self) {
            // Few keys, so that two sets meet often.
            let key = [0, 1, 2, 0x7fff, 0xffff].randomElement(using: &self) ?? 0
            numbers.formUnion(container().map { UInt32(key) << 16 | UInt32($0) })
        }
        return numbers
    }

    private mutating func container() -> any Collection<UInt16> & Sendable {
        switch Int.random(in: 0..<6, using: &self) {
        case 0: return CollectionOfOne(UInt16.random(in: .min ... .max, using: &self))
        case 1: return sample(Int.random(in: 1...300, using: &self))
        case 2: return sample(Int.random(in: 4_000...4_200, using: &self))
        case 3: return sample(Int.random(in: 5_000...30_000, using: &self))
        case 4: return Array(UInt16.min ... .max)
        default: return runs(Int.random(in: 1...40, using: &self))
        }
    }

    private mutating func sample(_ count: Int) -> [UInt16] {
        (0..<count).map { _ in UInt16.random(in: .min ... .max, using: &self) }
    }

    private mutating func runs(_ count: Int) -> [UInt16] {
        (0..<count).flatMap { _ in
            let start = UInt16.random(in: 0...60_000, using: &self)
            // Lengths of 1 to 3 make forms of equal size, where the library's choice depends on history.
            return Array(start...(start + UInt16.random(in: 0...(Bool.random(using: &self) ? 2 : 900), using: &self)))
        }
    }
}

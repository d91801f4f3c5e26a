/// An id's hash, and the key of the row that has it.
struct IDEntry: Comparable {
    var hash: Int64
    var key: Int64

    static func < (left: IDEntry, right: IDEntry) -> Bool { (left.hash, left.key) < (right.hash, right.key) }
}

/// Ids in memory: hash to keys. Open addressing: the hashes are random already, so none is computed here, and a look-up
/// of an absent id touches one place.
struct IDTable {
    /// Marks a free slot: no row has it.
    private static let free: Int64 = -1

    private var slots: [IDEntry] = []
    private(set) var count = 0

    init(_ entries: some Collection<IDEntry> = []) {
        guard !entries.isEmpty else { return }
        grow(to: entries.count * 2)
        for entry in entries { insert(entry) }
    }

    mutating func insert(_ entry: IDEntry) {
        if slots.count < (count + 1) * 2 { grow(to: max(64, slots.count * 2)) }
        count += 1
        place(entry)
    }

    private mutating func place(_ entry: IDEntry) {
        slots.withUnsafeMutableBufferPointer { slots in
            var index = Self.start(entry.hash, slots.count)
            while slots[index].key != Self.free { index = (index + 1) & (slots.count - 1) }
            slots[index] = entry
        }
    }

    /// Multiplied, since tests choose hashes that are not random.
    private static func start(_ hash: Int64, _ count: Int) -> Int {
        Int(truncatingIfNeeded: UInt64(bitPattern: hash) &* 0x9E37_79B9_7F4A_7C15 >> 20) & (count - 1)
    }

    private mutating func grow(to wanted: Int) {
        var size = 64
        while size < wanted { size *= 2 }
        let old = slots
        slots = Array(repeating: IDEntry(hash: 0, key: Self.free), count: size)
        for entry in old where entry.key != Self.free { place(entry) }
    }

    /// Calls `body` with every key of a hash, until it returns `true`.
    /// - Returns: whether it did.
    func anyKey(_ hash: Int64, _ body: (Int64) throws -> Bool) rethrows -> Bool {
        guard count > 0 else { return false }
        return try slots.withUnsafeBufferPointer { slots in
            var index = Self.start(hash, slots.count)
            while slots[index].key != Self.free {
                if slots[index].hash == hash, try body(slots[index].key) { return true }
                index = (index + 1) & (slots.count - 1)
            }
            return false
        }
    }

    mutating func removeAll() {
        guard count > 0 else { return }
        for index in slots.indices { slots[index].key = Self.free }
        count = 0
    }

    func forEach(_ body: (IDEntry) -> Void) { for entry in slots where entry.key != Self.free { body(entry) } }

    func sorted() -> [IDEntry] { slots.filter { $0.key != Self.free }.sorted() }
}

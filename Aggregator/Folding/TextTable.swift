/// Texts numbered as they are met, told apart by their bytes. Open addressing over one piece of memory, since each event
/// looks up several: no text is retained, and hardly any is compared but with its like.
struct TextTable: Sendable {
    /// Against made-up texts that all fall into one place.
    private static let seed = UInt64.random(in: 0...(.max))
    private static let free = UInt64.max
    private static let upper: UInt64 = 0xFFFF_FFFF << 32

    /// One record after the other: the number, in the upper half of its word the length in bytes, then the bytes.
    private var records: [UInt64] = []
    /// By number: where in `records`.
    private var starts: [UInt32] = []
    /// The place of a record in the lower half, half of its text's hash in the upper one.
    private var slots = [UInt64](repeating: TextTable.free, count: 64)
    /// A copy of `seed`, which is quicker to reach.
    private let seed = TextTable.seed

    /// How many texts have been met.
    var count: Int { starts.count }

    /// The number of a text, a new one where it is met for the first time.
    @inline(__always)
    mutating func meet(_ text: String) -> UInt32 {
        let known = text.utf8.withContiguousStorageIfAvailable { meet(UnsafeRawBufferPointer($0)) }
        if let known { return known }
        // A text that is bridged does not lie in one piece.
        return Array(text.utf8).withUnsafeBytes { meet($0) }
    }

    /// The number of a text that has been met, where it lies in one piece.
    @inline(__always)
    func find(_ text: String) -> UInt32? {
        let known = text.utf8.withContiguousStorageIfAvailable { text in
            let text = UnsafeRawBufferPointer(text)
            return find(text, hash: text.hash(seed: seed))
        }
        return known ?? nil
    }

    private mutating func meet(_ text: UnsafeRawBufferPointer) -> UInt32 {
        let hash = text.hash(seed: seed)
        return find(text, hash: hash) ?? insert(text, hash)
    }

    @inline(__always)
    private func find(_ text: UnsafeRawBufferPointer, hash: UInt64) -> UInt32? {
        records.withUnsafeBytes { records in
            slots.withUnsafeBufferPointer { slots in
                var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
                while slots[slot] != Self.free {
                    if slots[slot] & Self.upper == hash & Self.upper {
                        let record = Self.record(at: slots[slot] & ~Self.upper, in: records)
                        if record.text.isEqual(to: text) { return record.number }
                    }
                    slot = (slot + 1) & (slots.count - 1)
                }
                return nil
            }
        }
    }

    @inline(__always)
    private static func record(
        at place: UInt64, in records: UnsafeRawBufferPointer
    ) -> (number: UInt32, text: UnsafeRawBufferPointer) {
        let start = Int(truncatingIfNeeded: place) * 8
        let head = records.load(fromByteOffset: start, as: UInt64.self)
        let text = UnsafeRawBufferPointer(rebasing: records[start + 8..<start + 8 + Int(head >> 32)])
        return (UInt32(truncatingIfNeeded: head), text)
    }

    private mutating func insert(_ text: UnsafeRawBufferPointer, _ hash: UInt64) -> UInt32 {
        let (number, start) = (UInt32(starts.count), records.count)
        precondition(start < UInt32.max, "a fold is merged long before it holds 32 GiB of texts")
        records.append(UInt64(text.count) << 32 | UInt64(number))
        records.append(contentsOf: repeatElement(0, count: (text.count + 7) / 8))
        records.withUnsafeMutableBytes { records in
            UnsafeMutableRawBufferPointer(rebasing: records[(start * 8 + 8)...]).copyMemory(from: text)
        }
        starts.append(UInt32(start))
        place(hash & Self.upper | UInt64(start), at: hash)
        if starts.count * 3 > slots.count * 2 { grow() }
        return number
    }

    private mutating func place(_ entry: UInt64, at hash: UInt64) {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != Self.free { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = entry
    }

    private mutating func grow() {
        slots = [UInt64](repeating: Self.free, count: slots.count * 2)
        for start in starts {
            let hash = records.withUnsafeBytes { Self.record(at: UInt64(start), in: $0).text.hash(seed: seed) }
            place(hash & Self.upper | UInt64(start), at: hash)
        }
    }

    /// The text of a number.
    func text(_ number: UInt32) -> String {
        records.withUnsafeBytes {
            String(decoding: Self.record(at: UInt64(starts[Int(number)]), in: $0).text, as: UTF8.self)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Multiply-and-fold of 8-byte words, after wyhash (Wang Yi, public domain).
    @inline(__always) fileprivate func hash(seed: UInt64) -> UInt64 {
        var state = Self.mix(seed ^ UInt64(count), 0xA076_1D64_78BD_642F)
        var index = 0
        while count - index > 8 {
            state = Self.mix(state ^ word(at: index), 0xE703_7ED1_A0B4_28DB)
            index += 8
        }
        return Self.mix(state ^ last, 0x8EBC_6AF0_9C88_C6E3)
    }

    @inline(__always) fileprivate func isEqual(to other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count, last == other.last else { return false }
        var index = 0
        while count - index > 8 {
            guard word(at: index) == other.word(at: index) else { return false }
            index += 8
        }
        return true
    }

    @inline(__always) private func word(at index: Int) -> UInt64 {
        loadUnaligned(fromByteOffset: index, as: UInt64.self)
    }

    /// The last 8 bytes, or all where there are fewer: by length, another number for each text.
    @inline(__always) private var last: UInt64 {
        if count >= 8 { return word(at: count - 8) }
        if count >= 4 {
            let end = UInt64(loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
            return UInt64(loadUnaligned(as: UInt32.self)) | end << 32
        }
        return count == 0 ? 0 : UInt64(self[0]) | UInt64(self[count >> 1]) << 8 | UInt64(self[count - 1]) << 16
    }

    @inline(__always) private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

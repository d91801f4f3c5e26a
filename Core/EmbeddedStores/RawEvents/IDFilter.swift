/// Which hashes may be in the index: answers "no" for sure, and "yes" wrongly for about one in a hundred.
///
/// A Bloom filter whose bits of one hash lie in one cache line (Putze, Sanders, Singler, "Cache-, hash- and
/// space-efficient Bloom filters", 2007): a look-up costs one miss.
struct IDFilter {
    /// Bits an id, at the capacity.
    private static let bitsPerID = 12
    /// Bits set for a hash.
    private static let probes = 6
    /// Ids for which it is made at most: 128 MiB of bits. Beyond, wrong answers become more frequent, never false ones.
    static let maximumCapacity = 1 << 30 / bitsPerID

    /// The ids for which it was made.
    let capacity: Int
    private(set) var count = 0
    private var words: [UInt64]

    init(capacity: Int) {
        self.capacity = min(max(capacity, 1 << 16), Self.maximumCapacity)
        // Blocks of eight words.
        words = Array(repeating: 0, count: (self.capacity * Self.bitsPerID / 512 + 1) * 8)
    }

    mutating func insert(_ hash: Int64) {
        count += 1
        let (block, bits) = place(hash)
        _ = words.withUnsafeMutableBufferPointer { words in
            Self.forEachBit(bits) { word, mask in
                words[block + word] |= mask
                return true
            }
        }
    }

    func mayContain(_ hash: Int64) -> Bool {
        let (block, bits) = place(hash)
        return words.withUnsafeBufferPointer { words in
            Self.forEachBit(bits) { word, mask in words[block + word] & mask != 0 }
        }
    }

    /// The block's first word, and a number whose parts choose the bits in it.
    private func place(_ hash: Int64) -> (block: Int, bits: UInt64) {
        // Mixed, since tests choose hashes that are not random.
        let mixed = (UInt64(bitPattern: hash) ^ 0x2545_F491_4F6C_DD1D).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        let bits = mixed.high ^ mixed.low
        let block = (bits &* 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: UInt64(words.count / 8)).high
        return (Int(block) * 8, bits)
    }

    /// - Returns: `false` as soon as `body` does.
    @inline(__always)
    private static func forEachBit(_ bits: UInt64, _ body: (Int, UInt64) -> Bool) -> Bool {
        var rest = bits
        for _ in 0..<probes {
            // Nine bits name one of the block's 512.
            if !body(Int(rest & 7), 1 << (rest >> 3 & 63)) { return false }
            rest >>= 9
        }
        return true
    }
}

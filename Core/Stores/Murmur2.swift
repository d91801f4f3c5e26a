/// The hash by which Kafka's Java client, and librdkafka's `murmur2_random`, choose a keyed record's partition.
///
/// MurmurHash2, 32 bits (Austin Appleby, public domain), with the seed of Kafka's `Utils.murmur2`.
public enum Murmur2 {
    private static let seed: UInt32 = 0x9747_B28C
    private static let multiplier: UInt32 = 0x5BD1_E995

    /// The 32-bit hash of a key.
    static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let raw = UnsafeRawBufferPointer(bytes)
        var state = seed ^ UInt32(truncatingIfNeeded: bytes.count)
        var index = 0
        while bytes.count - index >= 4 {
            var word = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt32.self))
            word = word &* multiplier
            word ^= word >> 24
            state = (state &* multiplier) ^ (word &* multiplier)
            index += 4
        }
        if index < bytes.count {
            for offset in (index..<bytes.count).reversed() {
                state ^= UInt32(bytes[offset]) << UInt32(8 * (offset - index))
            }
            state = state &* multiplier
        }
        state ^= state >> 13
        state = state &* multiplier
        return state ^ state >> 15
    }

    /// The partition of a key, of so many: the hash without its sign bit, modulo.
    public static func partition(of key: ArraySlice<UInt8>, count: Int) -> Int32 {
        key.withUnsafeBufferPointer { partition(of: $0, count: count) }
    }

    /// The same, of bytes in place.
    public static func partition(of key: UnsafeBufferPointer<UInt8>, count: Int) -> Int32 {
        Int32(hash(key) & 0x7FFF_FFFF) % Int32(count)
    }
}

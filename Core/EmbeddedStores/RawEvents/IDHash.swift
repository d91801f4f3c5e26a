/// A 64-bit hash of an event's id within its source. Equal hashes are only candidates: the ids themselves decide, so a
/// collision costs a look-up and never an event. The seed keeps strangers from making them.
///
/// Multiply-and-fold of 8-byte words, after wyhash (Wang Yi, public domain).
struct IDHash {
    let seed: UInt64

    func hash(source: String, eventID: String) -> Int64 {
        let first = fold(source, from: seed)
        return Int64(bitPattern: fold(eventID, from: first ^ 0x9E37_79B9_7F4A_7C15))
    }

    private func fold(_ text: String, from start: UInt64) -> UInt64 {
        var text = text
        return text.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            var state = Self.mix(start ^ UInt64(bytes.count), 0xA076_1D64_78BD_642F)
            var index = 0
            while bytes.count - index >= 8 {
                let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                state = Self.mix(state ^ UInt64(littleEndian: word), 0xE703_7ED1_A0B4_28DB)
                index += 8
            }
            var tail: UInt64 = 0
            for byte in bytes[index...] { tail = tail << 8 | UInt64(byte) }
            return Self.mix(state ^ tail, 0x8EBC_6AF0_9C88_C6E3)
        }
    }

    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

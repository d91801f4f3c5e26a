public import Crypto

/// The first 128 bits of a SHA-256: names a user, a payload or a record. 16 bytes, big-endian halves.
///
/// Truncation keeps collision resistance at 2^64 work (NIST SP 800-107r1, section 5.1), far beyond any
/// number of events kept, for half the storage.
public struct Digest128: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Bytes 0…7, as a big-endian integer.
    public let high: UInt64
    /// Bytes 8…15, as a big-endian integer.
    public let low: UInt64

    /// Builds a digest from its two big-endian halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Truncates a full SHA-256 digest.
    public init(_ digest: SHA256.Digest) {
        (high, low) = digest.withUnsafeBytes { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    /// The digest of a text.
    public init(hashing text: ArraySlice<UInt8>) { self.init(SHA256.hash(data: text)) }

    /// Reads 16 stored bytes; `nil` for any other length.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
        }
        self.init(high: high, low: low)
    }

    /// The 16 bytes, as they are stored.
    public var bytes: [UInt8] {
        withUnsafeBytes(of: high.bigEndian, Array.init) + withUnsafeBytes(of: low.bigEndian, Array.init)
    }

    /// 32 lower-case hexadecimal digits.
    public var description: String {
        func hex(_ value: UInt64) -> String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return hex(high) + hex(low)
    }

    public static func < (left: Digest128, right: Digest128) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

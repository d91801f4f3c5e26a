internal import Glibc

extension UnsafeRawBufferPointer {
    /// Whether both hold the same bytes.
    package func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count, let mine = baseAddress, let theirs = other.baseAddress else {
            return count == other.count
        }
        return memcmp(mine, theirs, count) == 0
    }
}

extension ArraySlice<UInt8> {
    /// The text; `nil` where it is not UTF-8.
    package var utf8Text: String? {
        withUnsafeBufferPointer { bytes in
            // ASCII, as nearly always, needs no validation.
            bytes.allSatisfy { $0 < 0x80 }
                ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
        }
    }
}

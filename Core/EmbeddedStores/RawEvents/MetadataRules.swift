import Foundation

/// What the raw store takes as metadata. The embedded store could keep any text; it takes what MongoDB takes, so that
/// a number does not depend on the profile.
enum MetadataRules {
    /// Bytes of metadata, at most: a document of MongoDB may have 16 MiB.
    static let maximumSize = 16 << 20
    /// A number with fewer characters and no exponent is far from the limits of a double.
    private static let harmlessLength = 300

    /// Why a text, valid by the scanner, cannot be kept; `nil` where it can.
    static func fault(of metadata: ArraySlice<UInt8>) -> String? {
        if metadata.count > maximumSize { return "metadata has more than \(maximumSize) bytes" }
        return metadata.withUnsafeBufferPointer(hasExcessiveNumber)
            ? "metadata holds a number beyond the range of a double" : nil
    }

    private static func hasExcessiveNumber(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""): index = endOfString(bytes, index)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let start = index
                index = endOfNumber(bytes, index)
                if isExcessive(bytes[start..<index]) { return true }
            default: index += 1
            }
        }
        return false
    }

    private static func endOfString(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var index = start + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index + 1
    }

    private static func endOfNumber(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        bytes[start...].firstIndex { byte in
            !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte | 0x20 == UInt8(ascii: "e")
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"))
        } ?? bytes.count
    }

    private static func isExcessive(_ number: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard number.count > harmlessLength || number.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) else {
            return false
        }
        return Double(String(decoding: number, as: UTF8.self))?.isFinite != true
    }
}

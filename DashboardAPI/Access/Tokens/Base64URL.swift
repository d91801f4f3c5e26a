import Foundation

/// Base64 for addresses, without padding (RFC 4648, section 5).
enum Base64URL {
    /// Reads a text in its one proper form: no padding, no other characters, and no bits left over, so that no two texts
    /// stand for the same bytes.
    static func decode(_ text: some Collection<UInt8>) -> Data? {
        var standard = Data(capacity: text.count + 3)
        for byte in text {
            switch byte {
            case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: standard.append(byte)
            }
        }
        standard.append(contentsOf: repeatElement(UInt8(ascii: "="), count: (4 - text.count % 4) % 4))
        guard let bytes = Data(base64Encoded: standard), encode(bytes).utf8.elementsEqual(text) else { return nil }
        return bytes
    }

    static func encode(_ bytes: some DataProtocol) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

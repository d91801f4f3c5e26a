import Crypto

/// Identities for events whose client gave none.
public enum EventIdentity {
    /// The namespace of identities made from an `Idempotency-Key`: UUIDv5 of the URL namespace and
    /// `tributary/idempotency-key`.
    private static let namespace = nameBased(
        namespace: [
            0x6B, 0xA7, 0xB8, 0x11, 0x9D, 0xAD, 0x11, 0xD1, 0x80, 0xB4, 0x00, 0xC0, 0x4F, 0xD4, 0x30, 0xC8,
        ], name: Array("tributary/idempotency-key".utf8))

    /// The same identity for the same source, key, bytes and occurrence: UUIDv5 (RFC 9562, section 5.5).
    /// - Parameter occurrence: which of the request's events with equal bytes it is, from 0.
    public static func idempotent(
        source: String, key: String, event: some Collection<UInt8>, occurrence: Int
    ) -> String {
        var name = Array("\(source)\n\(key)\n\(occurrence)\n".utf8)
        name.append(contentsOf: event)
        return format(nameBased(namespace: namespace, name: name))
    }

    /// A UUIDv5 (RFC 9562, section 5.5) of a name within a namespace, as text.
    public static func nameBased(namespace: String, name: [UInt8]) -> String {
        let base = nameBased(namespace: Self.namespace, name: Array(namespace.utf8))
        return format(nameBased(namespace: base, name: name))
    }

    static func nameBased(namespace: [UInt8], name: [UInt8]) -> [UInt8] {
        var hash = Insecure.SHA1()
        hash.update(data: namespace)
        hash.update(data: name)
        return marked(Array(hash.finalize().prefix(16)), version: 5)
    }

    /// A fresh identity that sorts by time: UUIDv7 (RFC 9562, section 5.7), 74 bits of it random.
    /// - Parameter time: milliseconds since 1970.
    public static func fresh(at time: Int64, using random: inout some RandomNumberGenerator) -> String {
        let stamp = withUnsafeBytes(of: UInt64(bitPattern: time).bigEndian) { Array($0.dropFirst(2)) }
        let noise = withUnsafeBytes(of: (random.next() as UInt64, random.next() as UInt64)) { Array($0.prefix(10)) }
        return format(marked(stamp + noise, version: 7))
    }

    private static func marked(_ bytes: [UInt8], version: UInt8) -> [UInt8] {
        var bytes = bytes
        bytes[6] = bytes[6] & 0x0F | version << 4
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes
    }

    static func format(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 36) { text in
            var place = 0
            for (index, byte) in bytes.enumerated() {
                if [4, 6, 8, 10].contains(index) {
                    text[place] = UInt8(ascii: "-")
                    place += 1
                }
                text[place] = digits[Int(byte >> 4)]
                text[place + 1] = digits[Int(byte & 15)]
                place += 2
            }
            return place
        }
    }
}

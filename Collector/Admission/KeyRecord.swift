import Crypto
import Foundation

/// The SHA-256 of a write key: what is kept of it.
public struct KeyDigest: Hashable, Sendable {
    private let words: InlineDigest

    private struct InlineDigest: Hashable {
        var a: UInt64, b: UInt64, c: UInt64, d: UInt64
    }

    /// Of a key's text.
    public init(of key: String) {
        var key = key
        self = key.withUTF8 { KeyDigest(SHA256.hash(data: UnsafeRawBufferPointer($0))) }
    }

    init(_ digest: SHA256.Digest) { self = digest.withUnsafeBytes { KeyDigest(bytes: $0) } }

    private init(bytes: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
        words = InlineDigest(a: word(0), b: word(1), c: word(2), d: word(3))
    }

    /// Reads 64 lower-case hexadecimal digits.
    init?(hexadecimal text: String) {
        guard text.utf8.count == 64, text.wholeMatch(of: /[0-9a-f]{64}/) != nil else { return nil }
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        self = bytes.withUnsafeBytes { KeyDigest(bytes: $0) }
    }

    /// 64 lower-case hexadecimal digits.
    var hexadecimal: String {
        [words.a, words.b, words.c, words.d].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// A write key as the file has it: everything but the key.
public struct KeyRecord: Sendable, Equatable {
    /// For people: the part of the key that may be shown.
    public var id: String
    /// The source whose events it sends.
    public var source: String
    /// What the key is recognised by.
    public var digest: KeyDigest
    /// Whether it speaks for others: their `userAgent` and `clientAddress` come with the event.
    public var isServer = false
    /// How old an event may be; `nil` for any age.
    public var maximumEventAge: Duration?
    /// Events of a UTC day, at most, in each process.
    public var dailyQuota: Int?
    /// When it was made: milliseconds since 1970.
    public var created: Int64
    /// When the record was last changed: milliseconds since 1970.
    public var changed: Int64
    /// When it ends by itself: milliseconds since 1970.
    public var expires: Int64?
    /// When it was revoked: milliseconds since 1970.
    public var revoked: Int64?

    /// A new key for a source, and its record. The key is not kept anywhere: it has to be shown now.
    /// - Parameter now: milliseconds since 1970.
    public static func make(source: String, at now: Int64) -> (key: String, record: KeyRecord) {
        let id = String((0..<10).map { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement()! })
        let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }.base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        let key = "trb_\(id)_\(secret)"
        return (key, KeyRecord(id: id, source: source, digest: KeyDigest(of: key), created: now, changed: now))
    }
}

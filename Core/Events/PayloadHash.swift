import Crypto

/// Makes the digests of one event after another, in the same memory.
public struct PayloadHasher {
    private var canonical = CanonicalJSON()

    /// Has hashed nothing yet.
    public init() {}

    /// The digest of what an event says: user, type, time and metadata in canonical form.
    ///
    /// White space, order of members, escapes and ways of writing numbers and times make no difference; `eventId`
    /// is left out, since it is what two events being compared share.
    /// - Parameters:
    ///   - bytes: the text that was scanned.
    ///   - hasOwnTime: `false` where the time of receipt was spliced in. It is then left out: it differs between two
    ///     tries of the same request.
    /// - Returns: the digest, and whether the metadata must go through `metadataWithUniqueKeys(in:)` before a store.
    public mutating func hash(
        _ event: ScannedEvent, in bytes: UnsafeBufferPointer<UInt8>, hasOwnTime: Bool
    ) throws(JSONSyntaxError) -> (digest: Digest128, needsRewriting: Bool) {
        canonical.begin(bytes, capacity: event.range.count + 64)
        canonical.append(tag: "u", event.userID)
        canonical.append(tag: "e", event.eventType)
        if hasOwnTime, let timestamp = event.timestamp { canonical.append(tag: "t", timestamp) }
        if let metadata = event.metadata { try canonical.appendValue(at: metadata) }
        return (Digest128(SHA256.hash(data: canonical.output)), canonical.needsRewriting)
    }
}

extension Digest128 {
    /// The digest by which a visitor is known: of a source and a userId.
    public static func visitor(source: String, userID: String) -> Digest128 {
        var text = source
        text.reserveCapacity(source.utf8.count + userID.utf8.count + 1)
        text.append("/")
        text.append(userID)
        return text.withUTF8 { Digest128(SHA256.hash(data: UnsafeRawBufferPointer($0))) }
    }

    /// The digest by which a record of the log is recognised: of its key, value and time.
    public static func record(
        key: some Collection<UInt8>, value: some Collection<UInt8>, timestamp: Int64
    ) -> Digest128 {
        var hash = SHA256()
        hash.update(data: withUnsafeBytes(of: (timestamp.littleEndian, Int64(key.count).littleEndian), Array.init))
        hash.update(data: Array(key))
        hash.update(data: Array(value))
        return Digest128(hash.finalize())
    }
}

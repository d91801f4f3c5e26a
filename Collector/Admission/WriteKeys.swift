import Synchronization

/// A key in use: what its record allows, and what has been used of it.
struct WriteKeyEntry: Sendable {
    var source: String
    /// For people; `nil` for a key of `WRITE_KEYS`.
    var id: String?
    var isServer = false
    /// Milliseconds.
    var maximumEventAge: Int64?
    var dailyQuota: Int?
    var expires: Int64?
    var isRevoked = false
    let use: KeyUse

    init(source: String) { (self.source, use) = (source, KeyUse()) }

    init(_ record: KeyRecord, use: KeyUse?) {
        (source, id, isServer) = (record.source, record.id, record.isServer)
        maximumEventAge = record.maximumEventAge.map { age in
            age.components.seconds * 1000 + age.components.attoseconds / 1_000_000_000_000_000
        }
        (dailyQuota, expires, isRevoked) = (record.dailyQuota, record.expires, record.revoked != nil)
        self.use = use ?? KeyUse()
    }
}

/// What has been used of a key; outlives a reload of the file.
final class KeyUse: Sendable {
    let bucket = SharedBucket()
    let quota = Mutex(DailyQuota())
}

/// Who may write, and as which source.
public final class WriteKeys: Sendable {
    /// The source of events where no keys are configured.
    public static let openSource = "default"

    /// By the key's SHA-256: looking up a digest tells an attacker nothing of how much of a guess was right.
    private typealias Table = [KeyDigest: WriteKeyEntry]

    /// Whether anyone may write.
    public let isOpen: Bool
    private let fixed: Table
    private let path: String?
    private let table: Mutex<Table>
    private let anyone: WriteKeyEntry

    /// Accepts these keys; with none, every request, as the source `default`.
    /// - Parameters:
    ///   - keys: the source by key.
    ///   - believesAnyone: whether events without a key may say which client they came from, as those with a `server`
    ///     key may.
    public init(_ keys: [String: String], believesAnyone: Bool = false) {
        fixed = Self.table(of: keys)
        var anyone = WriteKeyEntry(source: Self.openSource)
        anyone.isServer = believesAnyone
        self.anyone = anyone
        (path, isOpen) = (nil, keys.isEmpty)
        table = Mutex(fixed)
    }

    /// Accepts these keys and those of a file. A file without keys lets nobody in.
    ///
    /// Of a key that is in both, the file decides: it may have revoked it.
    /// - Throws: where the file cannot be used.
    public init(_ keys: [String: String], file path: String) throws(KeysFileError) {
        fixed = Self.table(of: keys)
        (self.path, isOpen, anyone) = (path, false, WriteKeyEntry(source: Self.openSource))
        table = Mutex([:])
        _ = try reload()
    }

    /// Reads the file again: all of it takes effect at once, or nothing. What has been used of a key's limits stays.
    /// - Returns: what was read, for a log.
    public func reload() throws(KeysFileError) -> String {
        guard let path else { return "no file" }
        let records = try KeysFile(path: path).records
        table.withLock { table in
            var new = fixed
            for record in records {
                new[record.digest] = WriteKeyEntry(record, use: table[record.digest]?.use ?? fixed[record.digest]?.use)
            }
            table = new
        }
        let valid = records.filter { $0.revoked == nil }
        let sources = Set(valid.map(\.source)).count
        return "\(valid.count) keys of \(sources) sources, \(records.count - valid.count) revoked"
    }

    /// What a key allows.
    /// - Parameter now: milliseconds since 1970.
    func entry(forKey key: String?, at now: Int64) throws(Denial) -> WriteKeyEntry {
        guard !isOpen else { return anyone }
        guard let key else { throw .missingKey }
        let digest = KeyDigest(of: key)
        guard let entry = table.withLock({ $0[digest] }) else { throw .unknownKey }
        guard !entry.isRevoked else { throw .revokedKey }
        if let expires = entry.expires, now >= expires { throw .expiredKey }
        return entry
    }

    private static func table(of keys: [String: String]) -> Table {
        Dictionary(uniqueKeysWithValues: keys.map { (KeyDigest(of: $0.key), WriteKeyEntry(source: $0.value)) })
    }
}

import Crypto
import Events

/// Who may write, and as which source.
public struct WriteKeys: Sendable {
    /// The source of events where no keys are configured.
    public static let openSource = "default"

    /// By the key's SHA-256: looking up a digest tells an attacker nothing of how much of a guess was right.
    private let sources: [SHA256.Digest: String]

    /// Accepts these keys; with none, every request, as the source `default`.
    /// - Parameter keys: the source by key.
    public init(_ keys: [String: String]) {
        sources = Dictionary(uniqueKeysWithValues: keys.map { (SHA256.hash(data: Array($0.key.utf8)), $0.value) })
    }

    /// Whether anyone may write.
    public var isOpen: Bool { sources.isEmpty }

    /// The source that a key belongs to; `nil` for an unknown or missing one, unless open.
    public func source(forKey key: String?) -> String? {
        guard !isOpen else { return Self.openSource }
        return key.flatMap { sources[SHA256.hash(data: Array($0.utf8))] }
    }
}

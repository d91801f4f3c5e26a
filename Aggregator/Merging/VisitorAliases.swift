import Events
import Stores

/// By what digests visitors are known who are being forgotten: some of their events have the old id still, others the
/// token.
struct VisitorAliases: Sendable {
    private let bySource: [String: [Digest128: Digest128]]

    init(_ forgettings: [Forgetting]) {
        bySource = forgettings.reduce(into: [:]) { $0[$1.source, default: [:]][$1.user] = $1.alias }
    }

    /// Replaces the digests; two users of a fold may then have the same one.
    func applied(to users: [String: Fold.Users]) -> [String: Fold.Users] {
        var users = users
        for (source, aliases) in bySource {
            let digests = users[source]?.digests.map { aliases[$0] ?? $0 } ?? []
            users[source]?.digests = digests
        }
        return users
    }
}

extension RollupState {
    /// Throws `.contended` where users have been forgotten since raw events were read.
    func check(_ forgotten: Int64) throws {
        guard self.forgotten == forgotten else { throw Self.forgottenMeanwhile }
    }

    static let forgottenMeanwhile = DatabaseError(
        .contended, store: "rollups", "a user was forgotten meanwhile: the raw events must be read again")
}

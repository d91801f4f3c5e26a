import Events
public import Operations

/// What is asked of a token whose signature is right, and where it says what its bearer may.
public struct TokenRules: Sendable {
    /// The issuer, exactly as in `iss`.
    var issuer: String
    /// Of these one must be meant; empty: any.
    var audiences: [String] = []
    /// Where the roles stand: a claim's name, or a path of names with dots between.
    var rolesClaim = "roles"
    /// Where the sources stand.
    var sourcesClaim = "sources"
    /// What sources begin with there, so that they can be told from other words; taken off.
    var sourcesPrefix = ""
    /// How far clocks may be apart, in milliseconds.
    static let leeway: Int64 = 60_000

    init(issuer: String) { self.issuer = issuer }

    /// By the settings.
    public init(_ settings: Settings.Tokens) {
        (issuer, audiences) = (settings.issuer, settings.audiences)
        (rolesClaim, sourcesClaim, sourcesPrefix) = (
            settings.rolesClaim, settings.sourcesClaim, settings.sourcesPrefix
        )
    }

    /// Who bears a token with these claims.
    /// - Parameter now: milliseconds since 1970.
    func caller(_ claims: Claims, at now: Int64) throws(TokenFault) -> Caller {
        guard claims["iss"]?.text == issuer else { throw .wrongIssuer }
        try checkKind(claims)
        try checkAudience(claims)
        let caller = try Caller(
            subject: claims["sub"]?.text ?? claims["client_id"]?.text, roles: roles(claims), sources: sources(claims),
            expires: Self.time(claims["exp"]))
        try Self.checkTime(from: Self.time(claims["nbf"]), to: caller.expires, at: now)
        return caller
    }

    /// Whether it is the time of a token. Clocks may be apart either way. Without an end it is never the time.
    static func checkTime(from start: Int64?, to end: Int64?, at now: Int64) throws(TokenFault) {
        guard let end else { throw .malformed }
        guard now < end + leeway else { throw .expired }
        if let start, now < start - leeway { throw .notYetValid }
    }

    /// Tokens that tell who somebody is are shown to many; they let nobody in. Cognito tells by `token_use`, Keycloak by
    /// `typ`.
    private func checkKind(_ claims: Claims) throws(TokenFault) {
        if let use = claims["token_use"], use.text != "access" { throw .notForAccess }
        if let kind = claims["typ"]?.text?.lowercased(), !["bearer", "jwt", "at+jwt"].contains(kind) {
            throw .notForAccess
        }
    }

    private func checkAudience(_ claims: Claims) throws(TokenFault) {
        guard !audiences.isEmpty else { return }
        var meant = claims["aud"]?.texts ?? []
        // Cognito's access tokens have no `aud`.
        if claims["token_use"]?.text == "access", let client = claims["client_id"]?.text { meant.append(client) }
        guard meant.contains(where: audiences.contains) else { throw .wrongAudience }
    }

    private func roles(_ claims: Claims) -> Set<Caller.Role> {
        Set((claims[path: rolesClaim]?.words ?? []).compactMap(Caller.Role.init))
    }

    /// Those that the token names; without any, none, but all for an admin. `*` is all.
    private func sources(_ claims: Claims) -> Caller.Sources {
        let words = claims[path: sourcesClaim]?.words.filter { $0.hasPrefix(sourcesPrefix) } ?? []
        let names = words.map { String($0.dropFirst(sourcesPrefix.count)) }
        if names.contains("*") { return .all }
        let isNamed = sourcesPrefix.isEmpty ? claims[path: sourcesClaim] != nil : !names.isEmpty
        if !isNamed, roles(claims).contains(.admin) { return .all }
        return .only(Set(names.filter(EventRules.isSource)))
    }

    /// Seconds since 1970, maybe with a fraction, as milliseconds; `nil` where there are none.
    /// - Throws: where it is something else, or so far away that it cannot be meant.
    private static func time(_ claim: ClaimValue?) throws(TokenFault) -> Int64? {
        switch claim {
        case nil, .null: return nil
        case .number(let seconds) where abs(seconds) < 1e11: return Int64(seconds * 1000)
        default: throw .malformed
        }
    }
}

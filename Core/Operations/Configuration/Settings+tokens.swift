import Foundation

extension Settings {
    /// Whose tokens open the dashboard, and what they say.
    public struct Tokens: Sendable, Equatable {
        /// Where the issuer's keys are.
        public enum Keys: Sendable, Equatable {
            /// At an address.
            case url(String)
            /// In a file.
            case file(String)
        }

        /// Where the issuer's keys are.
        public var keys: Keys
        /// The issuer, as tokens name it.
        public var issuer: String
        /// The audiences of which a token must name one; empty: any.
        public var audiences: [String]
        /// The claim of the roles: its name, or a path of names with dots between.
        public var rolesClaim: String
        /// The claim of the sources.
        public var sourcesClaim: String
        /// What sources begin with in that claim.
        public var sourcesPrefix: String
        /// The time between two readings of the keys on behalf of tokens, at least.
        public var cooldown: Duration
        /// The time between two readings of the keys otherwise.
        public var refresh: Duration
        /// How many tokens are remembered once they have been verified.
        public var knownTokens: Int
    }
}

extension Settings.Tokens {
    /// `nil` where tokens are not used, or where what is set is wrong.
    init?(reader: inout SettingsReader) {
        let url = reader.value(
            "jwks.url", default: String?.none, allowed: "the address of a JWKS, beginning with https:// or http://",
            secret: masked
        ) { Self.isKeyAddress($0) ? .some(.some($0)) : nil }
        let file = reader.value("jwks.file", default: String?.none, allowed: "the path of a JWKS file") {
            .some(.some($0))
        }
        let issuer = reader.value("jwt.issuer", default: "", allowed: "the issuer, exactly as in the claim iss") { $0 }
        audiences = reader.value(
            "jwt.audience", default: [], allowed: "one or more audiences with commas between, none empty"
        ) { text in
            let names = text.split(separator: ",", omittingEmptySubsequences: false).map {
                String($0.drop { $0 == " " })
            }
            return names.contains("") ? nil : names
        }
        rolesClaim = reader.claim("jwt.rolesClaim", default: "roles")
        sourcesClaim = reader.claim("jwt.sourcesClaim", default: "sources")
        sourcesPrefix = reader.value("jwt.sourcesPrefix", default: "", allowed: "what sources begin with in a token") {
            $0
        }
        let times: ClosedRange<Duration> = .seconds(1)...(.seconds(86_400))
        cooldown = reader.duration("jwks.cooldown", default: .seconds(60), in: times)
        refresh = reader.duration("jwks.refresh", default: .seconds(300), in: times)
        knownTokens = reader.number("jwt.knownTokens", default: 1024, in: 1...1_000_000)
        self.issuer = issuer
        if url != nil, file != nil {
            reader.report("jwks.file", value: file.map(shown), source: nil, allowed: "only without JWKS_URL")
        }
        reader.requireTokenSettings()
        guard let keys = url.map(Keys.url) ?? file.map(Keys.file) else { return nil }
        self.keys = keys
    }

    /// What should be known though it does not stop the start.
    var warnings: [String] {
        var warnings: [String] = []
        if audiences.isEmpty {
            warnings.append("JWT_AUDIENCE is not set: tokens that the issuer made for other programs are taken too")
        }
        if case .url(let url) = keys, url.lowercased().hasPrefix("http://"),
            !isLoopback(URLComponents(string: url)?.host ?? "")
        {
            warnings.append("JWKS_URL is not https: whoever can change its answer on the way can let anybody in")
        }
        return warnings
    }

    private static func isKeyAddress(_ text: String) -> Bool {
        guard isAddress(text, schemes: ["https", "http"]), let parts = URLComponents(string: text) else { return false }
        return parts.host?.isEmpty == false && parts.user == nil && parts.fragment == nil
    }
}

extension Settings.Dashboard {
    init(reader: inout SettingsReader, role: Role) {
        // Read by every role: a file may be for several.
        let tokens = Settings.Tokens(reader: &reader)
        self.tokens = role.listensForQuestions ? tokens : nil
        host = reader.host("dashboard.host", default: reader.namesTokenKeys ? "0.0.0.0" : "127.0.0.1")
        port = reader.port("dashboard.port", default: 8090)
        cacheSize = reader.number("dashboard.cacheBytes", default: 16 << 20, in: 0...1 << 30)
        pageDirectory = reader.value("dashboard.pageDir", default: nil, allowed: "the path of a directory") {
            .some(.some($0))
        }
        liveViewers = reader.number("dashboard.liveViewers", default: 500, in: 1...100_000)
        liveOrigins = reader.value(
            "dashboard.liveOrigins", default: [], allowed: "origins such as https://wall.example, with commas between"
        ) { text in
            let origins = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
            return origins.allSatisfy { $0 != "*" && Settings.Edge.isOrigin($0) } ? origins : nil
        }
        subjectRate = reader.rate("subject", default: RateSetting("100/s"))
        subjectTableSize = reader.number("limit.subjectTableSize", default: 4_096, in: 1_024...16_777_216)
    }
}

extension SettingsReader {
    /// Whether it is said where tokens' keys are, rightly or wrongly.
    var namesTokenKeys: Bool { text("jwks.url") != nil || text("jwks.file") != nil }

    /// A claim by its name, or by a path.
    fileprivate mutating func claim(_ key: String, default fallback: String) -> String {
        value(key, default: fallback, allowed: "a claim's name, or a path of names with dots between") { text in
            text.split(separator: ".", omittingEmptySubsequences: false).contains("") ? nil : text
        }
    }

    /// Settings that belong together are set together: none must seem to protect where nothing does.
    fileprivate mutating func requireTokenSettings() {
        if namesTokenKeys, text("jwt.issuer") == nil {
            report("jwt.issuer", value: nil, source: nil, allowed: "the issuer, exactly as in the claim iss")
        }
        guard !namesTokenKeys else { return }
        let others = ["jwt.issuer", "jwt.audience", "jwt.rolesClaim", "jwt.sourcesClaim", "jwt.sourcesPrefix"]
        for key in others + ["jwks.cooldown", "jwks.refresh", "jwt.knownTokens"] {
            guard let (text, source) = text(key) else { continue }
            report(key, value: shown(text), source: source, allowed: "only together with JWKS_URL or JWKS_FILE")
        }
    }
}

import Testing

@testable import Operations

/// Whose tokens open the dashboard, as it is configured.
struct TokenSettingsTests {
    private func load(_ environment: [String: String], _ role: Role = .dashboardAPI) throws -> Settings {
        let stores = SettingsTests.stores.merging(environment) { $1 }
        return try Settings.load(for: role, environment: stores) { _, _ in .accepted }
    }

    private func issues(_ environment: [String: String], _ role: Role = .dashboardAPI) throws -> [ConfigurationIssue] {
        do {
            _ = try load(environment, role)
            return []
        } catch let error as ConfigurationError {
            return error.issues
        }
    }

    @Test func withoutKeysTheDashboardIsOpen() throws {
        let dashboard = try load([:]).dashboard
        #expect(dashboard.tokens == nil && dashboard.host == "127.0.0.1")
    }

    @Test func allIsRead() throws {
        let settings = try load([
            "JWKS_URL": "https://id.example/keys", "JWT_ISSUER": "https://id.example", "JWT_AUDIENCE": "a, b",
            "JWT_ROLES_CLAIM": "realm_access.roles", "JWT_SOURCES_CLAIM": "cognito:groups",
            "JWT_SOURCES_PREFIX": "source:", "JWKS_COOLDOWN": "5s", "JWKS_REFRESH": "1h", "JWT_KNOWN_TOKENS": "7",
        ])
        let tokens = try #require(settings.dashboard.tokens)
        #expect(tokens.keys == .url("https://id.example/keys") && tokens.issuer == "https://id.example")
        #expect(tokens.audiences == ["a", "b"] && tokens.rolesClaim == "realm_access.roles")
        #expect(tokens.sourcesClaim == "cognito:groups" && tokens.sourcesPrefix == "source:")
        #expect(tokens.cooldown == .seconds(5) && tokens.refresh == .seconds(3600) && tokens.knownTokens == 7)
        #expect(settings.warnings.isEmpty)
        #expect(settings.dashboard.host == "0.0.0.0", "it is protected")
    }

    @Test func defaults() throws {
        let settings = try load(["JWKS_FILE": "/keys.json", "JWT_ISSUER": "us"])
        let tokens = try #require(settings.dashboard.tokens)
        #expect(tokens.keys == .file("/keys.json") && tokens.audiences.isEmpty)
        #expect(tokens.rolesClaim == "roles" && tokens.sourcesClaim == "sources" && tokens.sourcesPrefix.isEmpty)
        #expect(tokens.cooldown == .seconds(60) && tokens.refresh == .seconds(300) && tokens.knownTokens == 1024)
        #expect(settings.warnings.count == 1 && settings.warnings[0].contains("JWT_AUDIENCE"))
    }

    @Test func keysOnAnOpenWayAreWarnedOf() throws {
        func warnings(_ url: String) throws -> [String] {
            try load(["JWKS_URL": url, "JWT_ISSUER": "i", "JWT_AUDIENCE": "a"]).warnings
        }
        #expect(try warnings("http://id.example/keys").contains { $0.contains("JWKS_URL") })
        #expect(try warnings("http://127.0.0.1:8080/keys").isEmpty)
    }

    @Test func whatIsWrongIsSaidAtOnce() throws {
        let wrong = [
            "JWKS_URL": "id.example", "JWKS_FILE": "", "JWT_ISSUER": "", "JWT_AUDIENCE": "a,,b",
            "JWT_ROLES_CLAIM": "a..b",
            "JWT_SOURCES_CLAIM": ".a", "JWT_SOURCES_PREFIX": "", "JWKS_COOLDOWN": "0s", "JWKS_REFRESH": "soon",
            "JWT_KNOWN_TOKENS": "0",
        ]
        let found = try issues(wrong)
        #expect(Set(found.map(\.key)) == Set(wrong.keys) && found.count == wrong.count, "\(found)")
    }

    @Test(arguments: [
        "https://", "ftp://id.example/keys", "https://user:secret@id.example/keys", "https://id.example/keys#x",
    ])
    func aWrongAddressIsRefused(url: String) throws {
        let found = try issues(["JWKS_URL": url, "JWT_ISSUER": "i"])
        #expect(found.map(\.key) == ["JWKS_URL"])
        #expect(!"\(found)".contains("secret"))
    }

    @Test func whatBelongsTogetherIsAskedFor() throws {
        #expect(try issues(["JWKS_FILE": "/keys"]).map(\.key) == ["JWT_ISSUER"])
        #expect(
            try issues(["JWKS_FILE": "/keys", "JWKS_URL": "https://x/keys", "JWT_ISSUER": "i"]).map(\.key)
                == ["JWKS_FILE"])
        // Alone they would seem to protect.
        let alone = try issues(["JWT_ISSUER": "i", "JWT_AUDIENCE": "a"])
        #expect(alone.map(\.key) == ["JWT_ISSUER", "JWT_AUDIENCE"])
    }

    @Test func tokensOpenTheDashboardToOtherMachines() throws {
        let tokens = ["JWKS_FILE": "/keys", "JWT_ISSUER": "i"]
        #expect(try load(tokens.merging(["DASHBOARD_HOST": "::"]) { $1 }).dashboard.host == "::")
        // They protect the dashboard, not the collector.
        #expect(
            try issues(tokens.merging(["COLLECTOR_HOST": "0.0.0.0"]) { $1 }, .serve).map(\.key) == ["COLLECTOR_HOST"])
        // A file that is given but wrong does not open anything.
        #expect(
            try issues(["JWKS_FILE": "", "JWT_ISSUER": "i", "DASHBOARD_HOST": "0.0.0.0"]).map(\.key) == ["JWKS_FILE"])
    }

    @Test func bearersAreLimited() throws {
        let standing = try load([:]).dashboard
        #expect(standing.subjectRate?.interval == 10_000_000 && standing.subjectRate?.burst == 1_000)
        #expect(standing.subjectTableSize == 4_096)
        let changed = try load(["LIMIT_SUBJECT_RATE": "60/m", "LIMIT_SUBJECT_BURST": "5"]).dashboard
        #expect(changed.subjectRate?.interval == 1_000_000_000 && changed.subjectRate?.burst == 5)
        #expect(try load(["LIMIT_SUBJECT_RATE": "off"]).dashboard.subjectRate == nil)
        #expect(
            Set(try issues(["LIMIT_SUBJECT_RATE": "many", "LIMIT_SUBJECT_TABLE_SIZE": "1"]).map(\.key))
                == ["LIMIT_SUBJECT_RATE", "LIMIT_SUBJECT_TABLE_SIZE"])
    }
}

import Foundation
import Testing

@testable import DashboardAPI

/// Who bears a good token, and what they may.
struct TokenRulesTests {
    private func caller(_ claims: String, _ change: (inout TokenRules) -> Void = { _ in }) throws(TokenFault) -> Caller
    {
        var rules = TokenRules(issuer: "us")
        change(&rules)
        let common = #""iss":"us","sub":"ann","exp":2000"#
        return try rules.caller(
            try Claims(Data("{\(common)\(claims.isEmpty ? "" : ",")\(claims)}".utf8)), at: 1_000_000)
    }

    @Test func whoAndUntilWhen() throws {
        let caller = try caller("")
        #expect(caller.subject == "ann" && caller.expires == 2_000_000)
        #expect(caller.roles.isEmpty && caller.sources == .only([]))
    }

    @Test func clocksMayBeAMinuteApart() throws {
        let rules = TokenRules(issuer: "us")
        let claims = try Claims(Data(#"{"iss":"us","nbf":1000,"exp":2000.5}"#.utf8))
        #expect(throws: TokenFault.notYetValid) { try rules.caller(claims, at: 939_999) }
        _ = try rules.caller(claims, at: 940_000)
        _ = try rules.caller(claims, at: 2_060_499)
        #expect(throws: TokenFault.expired) { try rules.caller(claims, at: 2_060_500) }
    }

    @Test(arguments: [
        (#""roles":["analyst"]"#, "roles", [Caller.Role.analyst]), (#""roles":"analyst""#, "roles", [.analyst]),
        (#""roles":["admin","analyst","cook"]"#, "roles", [.admin, .analyst]),
        (#""scope":"openid admin email""#, "scope", [.admin]),
        (#""cognito:groups":["analyst"]"#, "cognito:groups", [.analyst]),
        (#""realm_access":{"roles":["admin"]}"#, "realm_access.roles", [.admin]),
        (#""a":{"b":{"c":"analyst"}}"#, "a.b.c", [.analyst]),
        // A name may hold dots, and then is no path.
        (#""https://x.example/roles":["admin"]"#, "https://x.example/roles", [.admin]),
        (#""roles":["Admin","ANALYST"]"#, "roles", []), (#""roles":{"admin":true}"#, "roles", []),
        (#""roles":7"#, "roles", []), (#""realm_access":["roles"]"#, "realm_access.roles", []), ("", "roles", []),
    ])
    func roles(claims: String, name: String, expected: [Caller.Role]) throws {
        #expect(try caller(claims) { $0.rolesClaim = name }.roles == Set(expected))
    }

    @Test func sources() throws {
        func sources(_ claims: String, prefix: String = "") throws -> Caller.Sources {
            try caller(claims) { $0.sourcesPrefix = prefix }.sources
        }
        #expect(try sources(#""sources":["web","shop"]"#) == .only(["web", "shop"]))
        #expect(try sources(#""sources":"web shop""#) == .only(["web", "shop"]))
        #expect(try sources(#""sources":["*"]"#) == .all)
        #expect(try sources(#""sources":["Web","a/b",7,"ok"]"#) == .only(["ok"]), "what is no source is nothing")
        #expect(try sources(#""roles":["analyst"]"#) == .only([]), "absent: none")
        #expect(try sources(#""roles":["admin"]"#) == .all, "unless admin")
        #expect(try sources(#""roles":["admin"],"sources":["web"]"#) == .only(["web"]), "it limits admins too")
        #expect(try sources(#""roles":["admin"],"sources":[]"#) == .only([]))
        #expect(
            try sources(#""sources":["source:web","admin"],"roles":["admin"]"#, prefix: "source:") == .only(["web"]))
        #expect(try sources(#""sources":["admin"],"roles":["admin"]"#, prefix: "source:") == .all)
        #expect(try sources(#""sources":["analyst"],"roles":["analyst"]"#, prefix: "source:") == .only([]))
    }

    @Test func audiences() throws {
        func isTaken(_ claims: String, _ audiences: [String]) -> Bool {
            (try? caller(claims) { $0.audiences = audiences }) != nil
        }
        #expect(isTaken(#""aud":"d""#, ["c", "d"]) && isTaken(#""aud":["x","d"]"#, ["d"]))
        #expect(!isTaken(#""aud":"x""#, ["d"]) && !isTaken("", ["d"]) && isTaken("", []))
        #expect(isTaken(#""token_use":"access","client_id":"d""#, ["d"]), "as Cognito has it")
        #expect(!isTaken(#""token_use":"access","client_id":"x""#, ["d"]) && !isTaken(#""client_id":"d""#, ["d"]))
        #expect(!isTaken(#""token_use":"id","aud":"d""#, ["d"]) && !isTaken(#""token_use":"id""#, []))
    }

    /// Keycloak's tokens tell what they are for by a claim of their own.
    @Test func kinds() throws {
        #expect(try caller(#""typ":"Bearer""#).subject == "ann")
        for kind in ["ID", "Refresh", "Offline", "DPoP"] {
            #expect(throws: TokenFault.notForAccess) { try caller(#""typ":"\#(kind)""#) }
        }
    }
}

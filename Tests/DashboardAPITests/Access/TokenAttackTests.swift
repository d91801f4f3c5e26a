import Crypto
import Foundation
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// What attackers send, over a socket: every token but a good one is a 401, and the server lives on.
struct TokenAttackTests {
    private let rsa: TestKey
    private let curve: TestKey
    private let stranger: TestKey

    init() async throws {
        (rsa, curve) = (try await .rsa("r"), try await .ellipticCurve("e"))
        stranger = try await .ellipticCurve("e")
    }

    /// Sends tokens; all must be refused for these reasons, and a good one taken afterwards.
    private func expectRefused(
        _ tokens: [(String, String)], rules: TokenRules = .test, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let good = [try rsa.token(), try curve.token()]
        try await TestDashboard.with(try jwks([rsa, curve]), rules: rules) { dashboard in
            for (token, code) in tokens {
                let answer = try await dashboard.ask(token)
                #expect(answer.status == 401, "\(code): \(answer.text)", sourceLocation: sourceLocation)
                #expect(answer.code == code, sourceLocation: sourceLocation)
                #expect(answer.header("Content-Type") == "application/problem+json")
                let challenge = answer.header("WWW-Authenticate") ?? ""
                #expect(challenge.hasPrefix(#"Bearer realm="tributary""#), sourceLocation: sourceLocation)
            }
            for token in good { #expect(try await dashboard.ask(token).status == 200, sourceLocation: sourceLocation) }
        }
    }

    @Test func noAlgorithmAtAll() async throws {
        let headers: [[String: Any?]] = ["none", "None", "NONE", "nOnE", ""].flatMap { name in
            [["alg": name, "kid": "r"], ["alg": name, "kid": "e", "typ": "JWT"]]
        }
        let tokens = try headers.map { (try TestKey.forged(header: $0) { _ in Data() }, "wrong_algorithm") }
        let unnamed = try TestKey.forged(header: ["alg": "none"]) { _ in Data() }
        let absent = try TestKey.forged(header: ["kid": "r"]) { _ in Data() }
        try await expectRefused(tokens + [(unnamed, "missing_key_id"), (absent, "malformed_token")])
    }

    /// The public key as a shared secret, in each form that it is known in.
    @Test func publicKeysAreNoSecrets() async throws {
        let modulus = try #require(Base64URL.decode((rsa.jwk["n"] ?? "").utf8))
        let secrets = [
            modulus, Data((rsa.jwk["n"] ?? "").utf8), try jwks([rsa, curve]),
            try JSONSerialization.data(withJSONObject: rsa.jwk), Data(),
        ]
        var tokens: [(String, String)] = []
        for secret in secrets {
            for name in ["HS256", "RS256"] {
                let token = try TestKey.forged(header: ["alg": name, "kid": "r", "typ": "JWT"]) { signed in
                    Data(HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: secret)))
                }
                tokens.append((token, name == "HS256" ? "wrong_algorithm" : "bad_signature"))
            }
        }
        try await expectRefused(tokens)
    }

    /// The algorithm is the key's, also where the token's own would do.
    @Test func algorithmsAreTheKeys() async throws {
        try await expectRefused([
            (try rsa.token(header: ["alg": "RS384"]), "wrong_algorithm"),
            (try rsa.token(header: ["alg": "PS256"]), "wrong_algorithm"),
            (try rsa.token(header: ["kid": "e"]), "wrong_algorithm"),
            (try curve.token(header: ["kid": "r", "alg": "RS256"]), "bad_signature"),
            (try rsa.token(header: ["kid": "e", "alg": "ES256"]), "bad_signature"),
        ])
    }

    @Test func strangersKeys() async throws {
        let own = String(decoding: try JSONSerialization.data(withJSONObject: stranger.jwk), as: UTF8.self)
        try await expectRefused([
            (try stranger.token(), "bad_signature"),
            (try stranger.token(header: ["kid": "x"]), "unknown_key"),
            (try stranger.token(header: ["kid": nil]), "missing_key_id"),
            (try stranger.token(header: ["kid": ""]), "missing_key_id"),
            (try stranger.token(header: ["kid": "../../dev/null"]), "unknown_key"),
            (try stranger.token(header: ["kid": 7]), "malformed_token"),
            (try stranger.token(header: ["jku": "http://127.0.0.1:1/keys"]), "refused_token_header"),
            (try stranger.token(header: ["jwk": stranger.jwk]), "refused_token_header"),
            (try stranger.token(header: ["x5u": "http://127.0.0.1:1/cert"]), "refused_token_header"),
            (try stranger.token(header: ["jku": own]), "refused_token_header"),
            // Even by the right key.
            (try curve.token(header: ["jku": "http://127.0.0.1:1/keys"]), "refused_token_header"),
            (try curve.token(header: ["crit": ["b64"], "b64": false]), "refused_token_header"),
            (try curve.token(header: ["typ": "logout+jwt"]), "refused_token_header"),
        ])
    }

    @Test func claimsThatAreNotOurs() async throws {
        let now = TestKey.now
        try await expectRefused([
            (try rsa.token(claims: ["iss": "https://id.example/pool/"]), "wrong_issuer"),
            (try rsa.token(claims: ["iss": nil]), "wrong_issuer"),
            (try rsa.token(claims: ["iss": [TestKey.issuer]]), "wrong_issuer"),
            (try rsa.token(claims: ["aud": "shop"]), "wrong_audience"),
            (try rsa.token(claims: ["aud": nil]), "wrong_audience"),
            (try rsa.token(claims: ["aud": ["shop", "blog"]]), "wrong_audience"),
            (try rsa.token(claims: ["aud": nil, "client_id": "dashboard"]), "wrong_audience"),
            (try rsa.token(claims: ["exp": now - 61]), "token_expired"),
            (try rsa.token(claims: ["exp": 0]), "token_expired"),
            (try rsa.token(claims: ["exp": -1e10]), "token_expired"),
            (try rsa.token(claims: ["exp": nil]), "malformed_token"),
            (try rsa.token(claims: ["exp": "2100-01-01"]), "malformed_token"),
            (try rsa.token(claims: ["exp": 1e300]), "malformed_token"),
            (try rsa.token(claims: ["nbf": now + 61]), "token_not_yet_valid"),
            (try rsa.token(claims: ["nbf": "soon"]), "malformed_token"),
            (try rsa.token(claims: ["token_use": "id"]), "not_an_access_token"),
            (try rsa.token(claims: ["token_use": 1]), "not_an_access_token"),
            (try rsa.token(claims: ["typ": "ID"]), "not_an_access_token"),
            (try rsa.token(claims: ["typ": "Refresh"]), "not_an_access_token"),
        ])
    }

    @Test func changedAndBrokenTokens() async throws {
        let good = try rsa.token()
        let parts = good.split(separator: ".").map(String.init)
        let other = try rsa.token(claims: ["sub": "eve", "roles": ["admin"]]).split(separator: ".").map(String.init)
        let foreign = try curve.token().split(separator: ".").map(String.init)
        let deep = Base64URL.encode(Data(String(repeating: "[", count: 10_000).utf8))
        let nested = String(repeating: #"{"a":"#, count: 400) + "1" + String(repeating: "}", count: 400)
        try await expectRefused([
            ("\(parts[0]).\(other[1]).\(parts[2])", "bad_signature"),
            ("\(parts[0]).\(parts[1]).\(foreign[2])", "bad_signature"),
            ("\(foreign[0]).\(parts[1]).\(parts[2])", "bad_signature"),
            ("\(parts[0]).\(parts[1]).", "bad_signature"),
            ("\(parts[0]).\(parts[1])", "malformed_token"), ("\(good).", "malformed_token"),
            ("\(good).x", "malformed_token"), ("..", "malformed_token"), ("a.b.c", "malformed_token"),
            ("\(good)=", "malformed_token"), ("x", "malformed_token"), (".\(good)", "malformed_token"),
            ("\(parts[0]).\(parts[1]).\(parts[2].dropLast())", "malformed_token"),
            ("\(deep).\(parts[1]).\(parts[2])", "malformed_token"),
            ("\(Base64URL.encode(Data(nested.utf8))).\(parts[1]).\(parts[2])", "malformed_token"),
            ("\(parts[0]).\(parts[1]).\(String(repeating: "A", count: 16_384))", "token_too_large"),
            (String(repeating: "A", count: 20_000), "token_too_large"),
        ])
    }

    @Test func withoutAToken() async throws {
        try await TestDashboard.with(try jwks([rsa])) { dashboard in
            for headers in [[:], ["Authorization": "Basic YTpi"], ["Authorization": "Bearer "], ["Cookie": "a=b"]] {
                let answer = try await dashboard.send(
                    "GET", "/api/analytics/visitors?date=2025-05-01", headers: headers)
                #expect(answer.status == 401 && answer.code == "missing_token")
                #expect(answer.header("WWW-Authenticate") == #"Bearer realm="tributary""#)
            }
            // More than a head may hold does not come so far.
            #expect(try await dashboard.ask(String(repeating: "A", count: 40_000)).status == 431)
        }
    }

    /// However a good token is changed, it is not taken. Only that it stays the same may save it.
    @Test func noMutationIsTaken() async throws {
        var random = SeededRandom.announced()
        let edwards = try await TestKey.edwards("d")
        let keys = [rsa, curve, edwards]
        let ring = KeyRing(
            source: KeySource(name: "test") { [rsa, curve] in try jwks([rsa, curve, edwards]) },
            cooldown: .seconds(60), logger: quietLogger)
        let verifier = TokenVerifier(
            ring: ring, rules: .test, known: KnownTokens(capacity: 1),
            now: { Int64(TestKey.now) * 1000 })
        for round in 0..<3_000 {
            let good = try keys[round % 3].token(claims: ["jti": round])
            #expect(try await verifier.caller(good).subject == "ann")
            let changed = Self.mutated(good, &random)
            guard changed != good else { continue }
            await #expect(throws: TokenFault.self, "\(changed)") { _ = try await verifier.caller(changed) }
        }
    }

    /// One to three changes: a bit, a character, a piece cut out, put in twice, or changed places.
    private static func mutated(_ token: String, _ random: inout SeededRandom) -> String {
        var bytes = Array(token.utf8)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n".utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<7, using: &random)
            case 1: bytes[place] = alphabet.randomElement(using: &random) ?? 0
            // Where bits may be left over.
            case 2: bytes[bytes.count - 1] = alphabet.randomElement(using: &random) ?? 0
            case 3: bytes.remove(at: place)
            case 4: bytes.insert(bytes[place], at: place)
            default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

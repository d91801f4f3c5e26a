import Foundation
import Testing

@testable import DashboardAPI

/// Tokens of one's own making.
struct SigningKeyTests {
    private func grant(_ sources: [String]?, audience: String? = "dashboard") -> Grant {
        Grant(
            subject: "ann", roles: [.analyst], sources: sources, issuer: TestKey.issuer, audience: audience,
            lifetime: .seconds(600))
    }

    @Test func aMintedTokenIsTaken() async throws {
        let key = SigningKey()
        let (now, json) = (Int64(TestKey.now) * 1000, Data(key.jwks.utf8))
        let ring = KeyRing(source: KeySource(name: "test") { json }, cooldown: .seconds(1), logger: quietLogger)
        let verifier = TokenVerifier(ring: ring, rules: .test, known: KnownTokens(capacity: 9), now: { now })
        let again = try SigningKey(pem: key.pem)
        #expect(again.keyID == key.keyID && again.jwks == key.jwks)
        let caller = try await verifier.caller(try await again.mint(grant(["web", "shop"]), at: now))
        #expect(caller.subject == "ann" && caller.roles == [.analyst] && caller.sources == .only(["web", "shop"]))
        #expect(caller.expires == now + 600_000)
        #expect(try await verifier.caller(try await key.mint(grant(["*"]), at: now)).sources == .all)
        #expect(try await verifier.caller(try await key.mint(grant(nil), at: now)).sources == .only([]))
        await #expect(throws: TokenFault.wrongAudience) {
            _ = try await verifier.caller(try await key.mint(grant(nil, audience: nil), at: now))
        }
    }

    @Test func aKeyIsNamedByItsThumbprint() throws {
        let key = SigningKey()
        let document = try #require(
            JSONSerialization.jsonObject(with: Data(key.jwks.utf8)) as? [String: [[String: String]]])
        let jwk = try #require(document["keys"]?.first)
        #expect(jwk["kid"] == key.keyID && key.keyID.utf8.count == 43)
        #expect(jwk["alg"] == "ES256" && jwk["use"] == "sig" && jwk["d"] == nil)
        #expect(SigningKey().keyID != key.keyID)
    }

    @Test func otherTextsAreNoKeys() {
        for text in ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
            #expect(throws: (any Error).self) { _ = try SigningKey(pem: text) }
        }
    }
}

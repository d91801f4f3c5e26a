import Foundation
import Testing

@testable import DashboardAPI

/// What is taken of a JWKS.
struct KeySetTests {
    private func fault(_ json: String) async -> String? {
        do {
            _ = try await KeySet(Data(json.utf8))
            return nil
        } catch { return "\(error)" }
    }

    @Test func keysAreBoundToOneAlgorithm() async throws {
        let keys = [
            try await TestKey.rsa("a", named: "PS384"), try await .rsa("b", named: nil), try await .ellipticCurve("c"),
            try await .ellipticCurve("d", named: nil), try await .edwards("e"),
            try await .edwards("f", named: "Ed25519"),
        ]
        let set = try await KeySet(try jwks(keys))
        #expect(
            set.keys.mapValues(\.algorithm)
                == ["a": "PS384", "b": "RS256", "c": "ES256", "d": "ES256", "e": "EdDSA", "f": "Ed25519"])
        #expect(set.skipped.isEmpty)
    }

    @Test func whatIsNotForUsIsLeftOut() async throws {
        let good = try await TestKey.ellipticCurve("good")
        let others: [[String: String]] = [
            good.jwk.merging(["kid": "enc", "use": "enc"]) { $1 },
            good.jwk.merging(["kid": "alg", "alg": "ES512"]) { $1 },
            good.jwk.merging(["kid": "rs", "alg": "RS256"]) { $1 }, good.jwk.filter { $0.key != "kid" },
            ["kty": "oct", "kid": "hs", "k": "c2VjcmV0", "alg": "HS256"],
            ["kty": "EC", "kid": "koblitz", "crv": "secp256k1", "x": "AA", "y": "AA"],
            ["kty": "EC", "kid": "short", "crv": "P-256", "x": "AA", "y": "AA"],
            good.jwk.merging(["kid": "off", "y": good.jwk["x"] ?? ""]) { $1 },
            ["kty": "RSA", "kid": "weak", "e": "AQAB", "n": Base64URL.encode(Data(repeating: 0xC5, count: 128))],
            ["kid": "no kind"],
        ]
        let set = try await KeySet(try jwks([good], adding: others))
        #expect(Array(set.keys.keys) == ["good"])
        #expect(set.skipped.count == others.count, "\(set.skipped)")
    }

    @Test func aSetThatCannotBeTrustedIsRefused() async throws {
        let (one, two) = (try await TestKey.ellipticCurve("k"), try await TestKey.rsa("k"))
        let twice = String(decoding: try jwks([one, two]), as: UTF8.self)
        #expect(await fault(twice)?.contains("there twice") == true)
        let half = two.jwk.merging(["kid": "x", "d": "AA"]) { $1 }
        let secret = String(decoding: try jwks([one], adding: [half]), as: UTF8.self)
        #expect(await fault(secret)?.contains("private") == true)
        #expect(await fault(#"{"keys":[]}"#)?.contains("no key") == true)
        #expect(await fault(#"{"keys":[{"kty":"oct","kid":"a","k":"AA"}]}"#)?.contains("no key") == true)
        for json in [
            "", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[1]}"#, "<html>", String(repeating: "[", count: 100_000),
        ] {
            #expect(await fault(json)?.contains("array keys") == true, "\(json.prefix(20))")
        }
        #expect(await fault(String(repeating: " ", count: KeySet.maximumSize + 1))?.contains("bytes") == true)
        let many = try jwks([], adding: (0...100).map { ["kty": "oct", "kid": "\($0)"] })
        #expect(await fault(String(decoding: many, as: UTF8.self))?.contains("101") == true)
    }
}

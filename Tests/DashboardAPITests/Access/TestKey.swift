import Crypto
import CryptoExtras
import Foundation
import JWTKit

@testable import DashboardAPI

/// A key of a made-up issuer, and any token that one may think of.
struct TestKey: Sendable {
    let id: String
    let algorithm: any JWTAlgorithm
    /// The public half, as members of a JWK.
    let jwk: [String: String]

    static func rsa(_ id: String, named: String? = "RS256") async throws -> TestKey {
        let key = try Insecure.RSA.PrivateKey(
            pem: _RSA.Signing.PrivateKey(keySize: .bits2048).pemRepresentation)
        let algorithm = try await JWTKeyCollection().add(rsa: key, digestAlgorithm: .sha256).getKey()
        let (modulus, exponent) = try key.publicKey.getKeyPrimitives()
        var jwk = [
            "kty": "RSA", "kid": id, "use": "sig", "n": Base64URL.encode(modulus), "e": Base64URL.encode(exponent),
        ]
        jwk["alg"] = named
        return TestKey(id: id, algorithm: algorithm, jwk: jwk)
    }

    static func ellipticCurve(_ id: String, named: String? = "ES256") async throws -> TestKey {
        let key = P256.Signing.PrivateKey()
        let algorithm = try await JWTKeyCollection().add(ecdsa: ES256PrivateKey(backing: key)).getKey()
        let point = key.publicKey.rawRepresentation
        var jwk = [
            "kty": "EC", "kid": id, "crv": "P-256", "x": Base64URL.encode(point.prefix(32)),
            "y": Base64URL.encode(point.suffix(32)),
        ]
        jwk["alg"] = named
        return TestKey(id: id, algorithm: algorithm, jwk: jwk)
    }

    static func edwards(_ id: String, named: String? = nil) async throws -> TestKey {
        let key = Curve25519.Signing.PrivateKey()
        let algorithm = try await JWTKeyCollection().add(eddsa: EdDSA.PrivateKey(backing: key)).getKey()
        var jwk = [
            "kty": "OKP", "kid": id, "crv": "Ed25519", "x": Base64URL.encode(key.publicKey.rawRepresentation),
        ]
        jwk["alg"] = named
        return TestKey(id: id, algorithm: algorithm, jwk: jwk)
    }

    /// A token signed with this key.
    /// - Parameters:
    ///   - header: members added to `alg`, `kid` and `typ`, or put in their place; `nil` leaves one out.
    ///   - claims: the same for those that a good token has.
    func token(header: [String: Any?] = [:], claims: [String: Any?] = [:]) throws -> String {
        let standing: [String: Any?] = ["alg": algorithm.name, "kid": id, "typ": "JWT"]
        let signed = try Self.encode(standing.merging(header) { $1 }, Self.claims.merging(claims) { $1 })
        return "\(signed).\(Base64URL.encode(Data(try algorithm.sign(Data(signed.utf8)))))"
    }

    /// A token that somebody else makes up, with a signature of their own.
    static func forged(
        header: [String: Any?], claims: [String: Any?] = [:], signature: (Data) -> Data
    ) throws -> String {
        let signed = try encode(header, Self.claims.merging(claims) { $1 })
        return "\(signed).\(Base64URL.encode(signature(Data(signed.utf8))))"
    }

    /// Seconds since 1970 at which all of this happens.
    static let now = 1_800_000_000
    static let issuer = "https://id.example/pool"

    private static var claims: [String: Any?] {
        [
            "iss": issuer, "sub": "ann", "aud": "dashboard", "exp": now + 3600, "nbf": now - 10, "iat": now - 10,
            "roles": ["analyst"], "sources": ["web"],
        ]
    }

    private static func encode(_ header: [String: Any?], _ claims: [String: Any?]) throws -> String {
        try [header, claims].map { part in
            Base64URL.encode(try JSONSerialization.data(withJSONObject: part.compactMapValues { $0 }))
        }.joined(separator: ".")
    }
}

/// A set of keys as an issuer publishes it.
func jwks(_ keys: [TestKey], adding members: [[String: String]] = []) throws -> Data {
    try JSONSerialization.data(withJSONObject: ["keys": keys.map(\.jwk) + members])
}

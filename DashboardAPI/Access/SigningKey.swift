import Crypto
import Foundation
import JWTKit

/// A private key that tokens are signed with, for those who have no issuer: ES256.
public struct SigningKey: Sendable {
    private let key: ES256PrivateKey

    /// Makes one that nobody else has.
    public init() { key = ES256PrivateKey() }

    /// Reads one.
    /// - Throws: where the text is not a P-256 private key in PEM.
    public init(pem: String) throws { key = try ES256PrivateKey(pem: pem) }

    /// The key in PEM (PKCS #8): a secret.
    public var pem: String { key.pemRepresentation }

    /// Its name: the thumbprint of its public half (RFC 7638), so that nobody has to think of one.
    public var keyID: String {
        let (x, y) = coordinates
        return Base64URL.encode(
            Data(SHA256.hash(data: Data(#"{"crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#.utf8))))
    }

    /// The public half, as the JSON of a JWKS.
    public var jwks: String {
        let (x, y) = coordinates
        return """
            {
              "keys": [
                {
                  "alg": "ES256",
                  "crv": "P-256",
                  "kid": "\(keyID)",
                  "kty": "EC",
                  "use": "sig",
                  "x": "\(x)",
                  "y": "\(y)"
                }
              ]
            }

            """
    }

    /// Signs a token.
    /// - Parameter now: milliseconds since 1970.
    public func mint(_ grant: Grant, at now: Int64) async throws -> String {
        let payload = Payload(grant, at: now)
        return try await JWTKeyCollection().add(ecdsa: key).sign(payload, kid: JWKIdentifier(string: keyID))
    }

    private var coordinates: (x: String, y: String) {
        func urlSafe(_ base64: String?) -> String {
            Base64URL.encode(Data(base64Encoded: base64 ?? "") ?? Data())
        }
        return (urlSafe(key.parameters?.x), urlSafe(key.parameters?.y))
    }
}

/// What a token is to say.
public struct Grant: Sendable {
    /// Who bears it.
    public var subject: String
    /// What they may do.
    public var roles: [Caller.Role]
    /// What they may see; `nil`: the token does not say, which means nothing, or all for an admin.
    public var sources: [String]?
    /// Who gives it.
    public var issuer: String
    /// For whom it is meant; `nil`: it does not say.
    public var audience: String?
    /// How long it is valid, in whole seconds.
    public var lifetime: Duration

    /// Says all of it.
    public init(
        subject: String, roles: [Caller.Role], sources: [String]?, issuer: String, audience: String?, lifetime: Duration
    ) {
        (self.subject, self.roles, self.sources) = (subject, roles, sources)
        (self.issuer, self.audience, self.lifetime) = (issuer, audience, lifetime)
    }
}

private struct Payload: JWTPayload {
    let iss: String
    let sub: String
    let aud: String?
    let iat: Int64
    let exp: Int64
    let jti: String
    let roles: [String]
    let sources: [String]?

    init(_ grant: Grant, at now: Int64) {
        (iss, sub, aud) = (grant.issuer, grant.subject, grant.audience)
        (iat, exp) = (now / 1000, now / 1000 + grant.lifetime.components.seconds)
        (jti, roles, sources) = (UUID().uuidString.lowercased(), grant.roles.map(\.rawValue), grant.sources)
    }

    func verify(using algorithm: some JWTAlgorithm) async throws {}
}

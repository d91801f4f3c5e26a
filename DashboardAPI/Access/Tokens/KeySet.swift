import Foundation
import JWTKit

/// The public keys of an issuer: a JWKS (RFC 7517), read once and checked.
///
/// A key is bound to one algorithm here, by its own `alg` or by what its kind suggests, so that no token has a say in how
/// it is verified. Keys of other kinds or for other uses are left out.
struct KeySet: Sendable {
    /// A key and the one algorithm that it verifies.
    struct Key: Sendable {
        let algorithm: String
        let verifier: any JWTAlgorithm
    }

    /// Bytes of a set, at most.
    static let maximumSize = 256 << 10
    /// Keys of a set, at most.
    static let maximumCount = 100

    /// By `kid`.
    let keys: [String: Key]
    /// Which were left out, and why.
    let skipped: [String]

    /// - Throws: `KeySetFault`, where the set as a whole cannot be trusted or holds no key to verify with.
    init(_ json: Data) async throws {
        guard json.count <= Self.maximumSize else {
            throw KeySetFault("it may have \(Self.maximumSize) bytes, has \(json.count)")
        }
        guard isShallowObject(json), let document = try? JSONDecoder().decode(Document.self, from: json) else {
            throw KeySetFault("it must be a JSON object with an array keys")
        }
        guard document.keys.count <= Self.maximumCount else {
            throw KeySetFault("it may have \(Self.maximumCount) keys, has \(document.keys.count)")
        }
        guard !document.keys.contains(where: \.isPrivate) else {
            throw KeySetFault("it holds a private key: only the public half belongs here")
        }
        let names = document.keys.compactMap(\.keyID)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw KeySetFault("the kid \(twice.prefix(100)) is there twice")
        }
        var (keys, skipped) = ([String: Key](), [String]())
        for (index, entry) in document.keys.enumerated() {
            do {
                let (name, key) = try await entry.key()
                keys[name] = key
            } catch {
                skipped.append("key \(index + 1) (\(entry.keyID?.prefix(100) ?? "no kid")): \(error)")
            }
        }
        guard !keys.isEmpty else {
            throw KeySetFault("it holds no key to verify with\(skipped.map { "; \($0)" }.joined())")
        }
        (self.keys, self.skipped) = (keys, skipped)
    }
}

/// Why a set of keys cannot be used, or a key of it.
struct KeySetFault: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

private struct Document: Decodable { let keys: [Entry] }

/// A key as it stands in the set. What is not a text is taken as absent.
private struct Entry: Decodable {
    private let members: [String: String]
    private let uses: [String]?

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: MemberName.self)
        var members: [String: String] = [:]
        for name in container.allKeys { members[name.stringValue] = try? container.decode(String.self, forKey: name) }
        self.members = members
        uses = try? container.decode([String].self, forKey: "key_ops")
    }

    var keyID: String? { members["kid"].flatMap { $0.isEmpty ? nil : $0 } }
    var isPrivate: Bool { ["d", "p", "q", "dp", "dq", "qi"].contains { members[$0] != nil } }

    func key() async throws -> (String, KeySet.Key) {
        guard let keyID else { throw KeySetFault("has no kid") }
        if let use = members["use"], use != "sig" { throw KeySetFault("is not for signatures") }
        if let uses, !uses.contains("verify") { throw KeySetFault("is not for signatures") }
        let (name, algorithm, key) = try jwk(keyID)
        let collection = JWTKeyCollection()
        do {
            try await collection.add(jwk: key)
            let verifier = try await collection.getKey(for: JWKIdentifier(string: keyID), alg: algorithm.rawValue)
            return (keyID, KeySet.Key(algorithm: name, verifier: verifier))
        } catch {
            throw KeySetFault("cannot be read as a key for \(name)")
        }
    }

    /// The key, bound to its algorithm; `name` is what tokens call it.
    private func jwk(_ keyID: String) throws -> (name: String, JWK.Algorithm, JWK) {
        let (kind, curve, named) = (members["kty"] ?? "", members["crv"] ?? "", members["alg"])
        let id = JWKIdentifier(string: keyID)
        switch (kind, curve) {
        case ("RSA", _):
            let name = named ?? "RS256"
            let known = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
            guard known.contains(name), let algorithm = JWK.Algorithm(rawValue: name) else { throw unsupported }
            return (
                name, algorithm, .rsa(algorithm, identifier: id, modulus: members["n"], exponent: members["e"])
            )
        case ("EC", "P-256"), ("EC", "P-384"), ("EC", "P-521"):
            let name = ["P-256": "ES256", "P-384": "ES384", "P-521": "ES512"][curve] ?? ""
            guard named ?? name == name, let algorithm = JWK.Algorithm(rawValue: name) else { throw unsupported }
            return (
                name, algorithm,
                .ecdsa(
                    algorithm, identifier: id, x: members["x"], y: members["y"], curve: ECDSACurve(rawValue: curve))
            )
        case ("OKP", "Ed25519"):
            let name = named ?? "EdDSA"
            // RFC 9864 has a second name for it.
            guard ["EdDSA", "Ed25519"].contains(name) else { throw unsupported }
            return (
                name, .eddsa, .octetKeyPair(.eddsa, identifier: id, x: members["x"], y: nil, curve: .ed25519)
            )
        default: throw unsupported
        }
    }

    private var unsupported: KeySetFault {
        KeySetFault("is of a kind that is not taken here (RSA, EC or Ed25519, with an algorithm that fits)")
    }
}

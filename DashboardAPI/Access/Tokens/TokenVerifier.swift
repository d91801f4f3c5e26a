import Events
import Foundation
import JWTKit

/// Takes tokens or refuses them.
struct TokenVerifier: Sendable {
    let ring: KeyRing
    let rules: TokenRules
    let known: KnownTokens
    /// The clock: milliseconds since 1970.
    let now: @Sendable () -> Int64

    /// Who bears a token.
    func caller(_ token: String) async throws(TokenFault) -> Caller {
        guard token.utf8.count <= SignedToken.maximumSize else { throw .tooLarge }
        let digest = Digest128(hashing: Array(token.utf8)[...])
        if let caller = known.caller(digest, generation: ring.generation), let expires = caller.expires {
            try TokenRules.checkTime(from: nil, to: expires, at: now())
            return caller
        }
        let (claims, generation) = try await verifiedClaims(SignedToken(token))
        let caller = try rules.caller(claims, at: now())
        known.note(caller, digest, generation: generation)
        return caller
    }

    /// What a token says, once its signature has been found to be its key's.
    private func verifiedClaims(_ token: SignedToken) async throws(TokenFault) -> (Claims, generation: Int) {
        let (key, generation) = try await ring.key(token.keyID)
        // The key says how it is used; the token must agree.
        guard token.algorithm == key.algorithm else { throw .wrongAlgorithm }
        guard (try? key.verifier.verify(token.signature, signs: token.signed)) == true else { throw .badSignature }
        return (try Claims(token.payload), generation)
    }
}

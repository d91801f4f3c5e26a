import Events
import Foundation

/// A JWT in the compact form (RFC 7515), taken apart and not believed yet.
struct SignedToken {
    /// Bytes of a token, at most: as much as any issuer needs, and less than a head may have.
    static let maximumSize = 16 << 10
    /// The key that is said to have signed it.
    let keyID: String
    /// The algorithm that it is said to be signed with.
    let algorithm: String
    /// What was signed.
    let signed: ArraySlice<UInt8>
    let signature: Data
    /// The claims' JSON.
    let payload: Data

    /// - Throws: what is wrong with it as far as that can be told without its key.
    init(_ text: String) throws(TokenFault) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumSize else { throw .tooLarge }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, let headerBytes = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), isShallowObject(headerBytes),
            let header = try? JSONDecoder().decode(Header.self, from: headerBytes)
        else { throw .malformed }
        guard !header.isRefused else { throw .refusedHeader }
        guard let keyID = header.keyID, !keyID.isEmpty else { throw .missingKeyID }
        (self.keyID, algorithm, self.signature, self.payload) = (keyID, header.algorithm, signature, payload)
        signed = bytes[..<parts[1].endIndex]
    }

    private struct Header: Decodable {
        let algorithm: String
        let keyID: String?
        let isRefused: Bool

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: MemberName.self)
            algorithm = try members.decode(String.self, forKey: "alg")
            keyID = try members.decodeIfPresent(String.self, forKey: "kid")
            let type = try members.decodeIfPresent(String.self, forKey: "typ")?.lowercased() ?? "jwt"
            isRefused =
                ["crit", "jku", "jwk", "x5u"].contains { members.contains(MemberName(stringLiteral: $0)) }
                || !["jwt", "at+jwt", "application/at+jwt"].contains(type)
        }
    }
}

/// A member's name that is known at run time only.
struct MemberName: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringLiteral value: String) { stringValue = value }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// Whether this is a JSON object that a recursive decoder can be given.
func isShallowObject(_ bytes: Data) -> Bool {
    Array(bytes).withUnsafeBufferPointer { buffer in
        var (scanner, facts) = (JSONScanner(buffer), JSONFacts())
        guard scanner.peek() == UInt8(ascii: "{"), (try? scanner.skipValue(&facts)) != nil else { return false }
        return scanner.peek() == nil && facts.depth <= 16
    }
}

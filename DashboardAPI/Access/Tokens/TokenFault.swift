import HTTPTypes
import Operations

/// Why a request's token is not taken. Bounded: it is a problem's code and a metric's label.
enum TokenFault: String, Error, CaseIterable {
    case missing = "missing_token"
    case tooLarge = "token_too_large"
    case malformed = "malformed_token"
    /// A header that names a key of the token's own, or an extension that must be understood.
    case refusedHeader = "refused_token_header"
    case missingKeyID = "missing_key_id"
    case unknownKey = "unknown_key"
    case wrongAlgorithm = "wrong_algorithm"
    case badSignature = "bad_signature"
    case expired = "token_expired"
    case notYetValid = "token_not_yet_valid"
    case wrongIssuer = "wrong_issuer"
    case wrongAudience = "wrong_audience"
    /// It tells who somebody is and was not made for an API.
    case notForAccess = "not_an_access_token"
    /// The issuer could not be asked for its keys yet.
    case noKeys = "keys_unavailable"

    fileprivate var detail: String {
        switch self {
        case .missing: "send 'Authorization: Bearer <token>', or sign in"
        case .tooLarge: "the token must not be longer than \(SignedToken.maximumSize) bytes"
        case .malformed: "the token must be a signed JWT with the claims iss and exp"
        case .refusedHeader: "the token's header must not have crit, jku, jwk or x5u, and its typ must be JWT or at+jwt"
        case .missingKeyID: "the token's header must name its key by kid"
        case .unknownKey: "the token's key is not one of the issuer's"
        case .wrongAlgorithm: "the token's algorithm is not its key's"
        case .badSignature: "the token's signature is not its key's"
        case .expired: "the token has expired"
        case .notYetValid: "the token is not valid yet"
        case .wrongIssuer: "the token is by another issuer"
        case .wrongAudience: "the token was made for another audience"
        case .notForAccess: "an access token is needed, not one of another kind"
        case .noKeys: "the issuer's keys are not known yet; come back later"
        }
    }
}

extension Problem {
    /// What the client is told.
    init(_ fault: TokenFault) {
        let detail = fault.detail
        switch fault {
        case .noKeys:
            self.init(.serviceUnavailable, code: fault.rawValue, detail: detail, headers: [.retryAfter: "5"])
        case .missing:
            self.init(
                .unauthorized, code: fault.rawValue, detail: detail, field: "Authorization",
                headers: [.wwwAuthenticate: #"Bearer realm="tributary""#])
        default:
            let challenge = #"Bearer realm="tributary", error="invalid_token", error_description="\#(detail)""#
            self.init(
                .unauthorized, code: fault.rawValue, detail: detail, field: "Authorization",
                headers: [.wwwAuthenticate: challenge])
        }
    }
}

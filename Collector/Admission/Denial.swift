import HTTPTypes
import Operations

/// Why a request as a whole is not let in. Bounded: it is a problem's code and a metric's label.
enum Denial: String, Error, CaseIterable {
    case deniedNetwork = "denied_network"
    case missingKey = "missing_write_key"
    case unknownKey = "unknown_write_key"
    case revokedKey = "revoked_write_key"
    case expiredKey = "expired_write_key"
    case addressLimit = "address_rate_limited"
    case keyLimit = "key_rate_limited"
    case globalLimit = "globally_rate_limited"
}

extension Problem {
    /// What the client is told.
    /// - Parameter fields: of a limit: when to come back.
    init(_ denial: Denial, _ fields: HTTPFields) {
        let code = denial.rawValue
        let advice = "send 'Authorization: Bearer <write key>', or ?key="
        switch denial {
        case .deniedNetwork: self.init(.forbidden, code: code, detail: "requests from this address are not taken")
        case .missingKey, .unknownKey: self.init(credentials: code, advice)
        case .revokedKey: self.init(credentials: code, "the write key has been revoked; \(advice) with another one")
        case .expiredKey: self.init(credentials: code, "the write key has expired; \(advice) with another one")
        case .addressLimit:
            self.init(
                .tooManyRequests, code: code, detail: "too many requests from this address; send more in one",
                headers: fields)
        case .keyLimit:
            self.init(.tooManyRequests, code: code, detail: "too many events with this write key", headers: fields)
        case .globalLimit:
            self.init(.tooManyRequests, code: code, detail: "too many events just now", headers: fields)
        }
    }

    private init(credentials code: String, _ detail: String) {
        self.init(
            .unauthorized, code: code, detail: detail, field: "Authorization", headers: [.wwwAuthenticate: "Bearer"])
    }
}

public import HTTPTypes
import Metrics
public import Operations

/// Finds out who a request comes from.
public struct Access: Sendable {
    /// Anyone may ask everything.
    public static let open = Access { _ in .anyone }

    /// The verifier of tokens; `nil` where none are needed.
    let verifier: TokenVerifier?
    private let limit: SubjectLimit?
    private let find: @Sendable (HTTPRequest) async throws(Problem) -> Caller

    init(_ find: @escaping @Sendable (HTTPRequest) async throws(Problem) -> Caller) {
        (self.find, verifier, limit) = (find, nil, nil)
    }

    /// Whoever has a token of an issuer's, as a bearer or in the cookie of a session.
    /// - Parameters:
    ///   - keys: the issuer's.
    ///   - knownTokens: how many tokens are remembered once they have been verified.
    ///   - limit: how many requests of one bearer are answered; `nil`: all.
    ///   - now: the clock, milliseconds since 1970.
    public init(
        keys: KeyRing, rules: TokenRules, knownTokens: Int, limit: SubjectLimit?,
        now: @escaping @Sendable () -> Int64
    ) {
        let verifier = TokenVerifier(ring: keys, rules: rules, known: KnownTokens(capacity: knownTokens), now: now)
        let counters = RefusalCounters()
        (self.verifier, self.limit) = (verifier, limit)
        find = { head throws(Problem) in
            do throws(TokenFault) {
                return try await verifier.caller(try Self.token(of: head).get())
            } catch {
                counters.count(error)
                throw Problem(error)
            }
        }
    }

    /// Who sent a request, by its head alone: so that it can be asked for a WebSocket's upgrade too.
    /// - Throws: `Problem`: a 401 that says what is wrong with the token, or a 403 where a browser was made to send its
    ///   cookie along with something that another site wants changed.
    public func caller(of head: HTTPRequest) async throws(Problem) -> Caller {
        if head.isCarriedByCookie, !head.isSafe, !head.isOfSameOrigin { throw .otherOrigin }
        return try await find(head)
    }

    /// Counts a request of somebody's.
    /// - Returns: what the answer tells of the limit.
    /// - Throws: a 429 where there have been too many.
    func charge(_ caller: Caller) throws(Problem) -> RateLimitFields { try limit?.charge(caller) ?? RateLimitFields() }

    /// A header that is there decides, so that nobody asks as somebody else than they think.
    private static func token(of head: HTTPRequest) -> Result<String, TokenFault> {
        let token =
            if let authorization = head.headerFields[.authorization] { bearerToken(authorization) } else {
                SessionCookie.token(of: head.headerFields)
            }
        return token.map { .success($0) } ?? .failure(.missing)
    }
}

/// Counters of requests whose token was not taken.
private struct RefusalCounters: Sendable {
    private let refused = Dictionary(
        uniqueKeysWithValues: TokenFault.allCases.map {
            ($0, Counter(label: DashboardMetrics.refusedLabel, dimensions: [("reason", $0.rawValue)]))
        })

    func count(_ fault: TokenFault) { refused[fault]?.increment() }
}

import Events
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Operations

/// `/session`: signing in with a token, signing out, and who one is.
struct SessionController: Sendable {
    let access: Access
    /// The clock: milliseconds since 1970.
    let now: @Sendable () -> Int64

    func show(_ request: Request, _ context: DashboardContext) async throws -> Response {
        try answer(try await access.caller(of: request.head))
    }

    /// Takes a token, as `{"token":…}` or as the field `token` of a form, into a cookie. A form is sent on to the page.
    func signIn(_ request: Request, _ context: DashboardContext) async throws -> Response {
        guard let verifier = access.verifier else {
            throw Problem(.conflict, code: "no_sign_in", detail: "nobody has to sign in here")
        }
        // Or another site could sign somebody in as somebody else.
        if request.headers[.origin] != nil || request.headers[.secFetchSite] != nil, !request.head.isOfSameOrigin {
            throw Problem.otherOrigin
        }
        let form = try Form(request.headers[.contentType])
        let body = try await request.body.collect(upTo: 2 * SignedToken.maximumSize)
        guard let token = form.token(in: Data(body.readableBytesView)), !token.isEmpty else {
            throw Problem(.badRequest, code: "missing_token", detail: "the token is missing", field: "token")
        }
        let caller: Caller
        do { caller = try await verifier.caller(token) } catch { throw Problem(error) }
        guard token.utf8.count <= SessionCookie.maximumSize else {
            throw Problem(
                .badRequest, code: "token_too_large",
                detail:
                    "a browser keeps tokens of up to \(SessionCookie.maximumSize) bytes; this one has \(token.utf8.count)",
                field: "token")
        }
        let lifetime = max(0, ((caller.expires ?? now()) - now()) / 1000)
        var response = try form == .json ? answer(caller) : Response(status: .seeOther, headers: [.location: "/"])
        response.headers[.setCookie] = SessionCookie.field(
            token, lifetime: lifetime, isSecure: request.head.isByTLS)
        return response
    }

    func signOut(_ request: Request, _ context: DashboardContext) async throws -> Response {
        if request.head.isCarriedByCookie, !request.head.isOfSameOrigin { throw Problem.otherOrigin }
        let cookie = SessionCookie.field("", lifetime: 0, isSecure: request.head.isByTLS)
        return Response(status: .noContent, headers: [.setCookie: cookie, .cacheControl: "no-store"])
    }

    private func answer(_ caller: Caller) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = ByteBuffer(bytes: try encoder.encode(SessionAnswer(caller, isOpen: access.verifier == nil)))
        return Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: body))
    }
}

/// Who one is.
private struct SessionAnswer: Encodable {
    let subject: String?
    let roles: [String]
    /// `nil`: all.
    let sources: [String]?
    let expires: String?
    /// Whether anyone may ask, without a token.
    let isOpen: Bool

    init(_ caller: Caller, isOpen: Bool) {
        (subject, roles) = (caller.subject, caller.roles.map(\.rawValue).sorted())
        sources = if case .only(let sources) = caller.sources { sources.sorted() } else { nil }
        expires = caller.expires.map(Timestamp.format)
        self.isOpen = isOpen
    }

    private enum CodingKeys: String, CodingKey {
        case subject, roles, sources, expires
        case isOpen = "open"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(subject, forKey: .subject)
        try members.encode(roles, forKey: .roles)
        try members.encode(sources, forKey: .sources)
        try members.encode(expires, forKey: .expires)
        try members.encode(isOpen, forKey: .isOpen)
    }
}

/// How a token is sent.
private enum Form {
    case json
    case urlEncoded

    init(_ contentType: String?) throws(Problem) {
        switch contentType?.prefix(while: { $0 != ";" }).lowercased() {
        case "application/json": self = .json
        case "application/x-www-form-urlencoded": self = .urlEncoded
        default:
            throw Problem(
                .unsupportedMediaType, code: "unsupported_media_type",
                detail: "send application/json or application/x-www-form-urlencoded", field: "Content-Type")
        }
    }

    func token(in body: Data) -> String? {
        switch self {
        case .json:
            return isShallowObject(body)
                ? (try? JSONDecoder().decode([String: String].self, from: body))?["token"] : nil
        case .urlEncoded:
            let fields = String(decoding: body, as: UTF8.self).split(separator: "&")
            return fields.first { $0.hasPrefix("token=") }.map { field in
                let text = field.dropFirst("token=".count).replacing("+", with: " ")
                return (text.removingPercentEncoding ?? "").filter { !$0.isWhitespace }
            }
        }
    }
}

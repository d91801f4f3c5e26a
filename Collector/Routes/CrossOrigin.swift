public import HTTPTypes
import Hummingbird
import Operations

/// Who may send from a browser: the `Origin`s of web pages.
public struct AllowedOrigins: Sendable, Equatable {
    /// The origins, such as `https://shop.example`; `nil` for every one.
    public let list: Set<String>?

    /// Allows these; `*` anywhere in the list allows all.
    public init(_ origins: [String] = ["*"]) {
        list = origins.contains("*") ? nil : Set(origins.map { $0.lowercased() })
    }

    /// What refusals carry that were made before anyone looked at the request's origin.
    public var refusalHeaders: HTTPFields { list == nil ? [.accessControlAllowOrigin: "*"] : [:] }

    func contains(_ origin: String) -> Bool { list?.contains(origin.lowercased()) ?? true }
}

/// Lets browsers read answers, refusals included. Cookies are never asked for: keys are.
///
/// Add it outside of `ProblemMiddleware`, so that errors are answers already.
struct CrossOrigin: RouterMiddleware {
    typealias Context = CollectorContext

    let origins: AllowedOrigins

    func handle(
        _ request: Request, context: CollectorContext, next: (Request, CollectorContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if let origin = request.headers[.origin] { mark(&response, for: origin) }
        return response
    }

    /// The answer to a preflight.
    func preflight(_ request: Request) throws -> Response {
        if let origin = request.headers[.origin], !origins.contains(origin) {
            throw Problem(.originNotAllowed(origin))
        }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST", .accessControlAllowHeaders: Self.requestHeaders,
                .accessControlMaxAge: "86400",
            ])
    }

    private static let requestHeaders = "Authorization, Content-Type, Content-Encoding, Idempotency-Key, traceparent"
    private static let answerHeaders = "Retry-After, RateLimit, RateLimit-Policy, Accept-Encoding"

    private func mark(_ response: inout Response, for origin: String) {
        if origins.list != nil { response.headers.append(HTTPField(name: .vary, value: "Origin")) }
        guard origins.contains(origin) else { return }
        response.headers[.accessControlAllowOrigin] = origins.list == nil ? "*" : origin
        response.headers[.accessControlExposeHeaders] = Self.answerHeaders
    }
}

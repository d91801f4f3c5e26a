import HTTPTypes
public import Hummingbird
import Logging
import NIOHTTP1

/// Turns every error into problem+json. Add it before any route, inside of `RequestMetrics` only.
///
/// Errors meant for the client keep their status and message; anything else is a 500 that says nothing of the
/// inside, and is logged.
public struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    /// Makes the middleware; it has no state.
    public init() {}

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let response: Response
        do {
            response = try await next(request, context)
        } catch let error as HTTPParserError {
            throw error  // The connection is broken in the middle of a request: the server answers 400 and closes it.
        } catch {
            response = problem(for: error, request: request, context: context).response
        }
        // Whoever asks for a head alone takes what follows it for the next answer.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func problem(for error: any Error, request: Request, context: Context) -> Problem {
        let problem =
            switch error {
            case let problem as Problem: problem
            case let error as HTTPError: Problem(error, path: request.uri.path)
            case let error as any HTTPResponseError: Problem(error, from: request, context: context)
            case is CancellationError: Problem(.serviceUnavailable)
            default: Problem(.internalServerError)
            }
        if problem.status == .internalServerError {
            context.logger.error(
                "request failed",
                metadata: [
                    "method": "\(request.method)", "path": "\(request.uri.path)",
                    "error": .string(withoutCredentials("\(error)")),
                ])
        }
        return problem
    }
}

extension Problem {
    /// What can be said of a status alone.
    fileprivate init(_ status: HTTPResponse.Status, headers: HTTPFields = [:]) {
        let (code, detail) = Self.texts(of: status)
        self.init(status, code: code, detail: detail, headers: headers)
    }

    /// An error of the router, of a decoder or of a handler, with the message that it was given for the client.
    fileprivate init(_ error: HTTPError, path: String) {
        let texts = Self.texts(of: error.status)
        let detail = error.status == .notFound ? "There is nothing at \(path.prefix(200))." : texts.detail
        self.init(error.status, code: texts.code, detail: error.body ?? detail, headers: error.headers)
    }

    /// An error of a library: its status and headers, never its text.
    fileprivate init(_ error: any HTTPResponseError, from request: Request, context: some RequestContext) {
        var headers = (try? error.response(from: request, context: context))?.headers ?? [:]
        headers[.contentLength] = nil
        self.init(error.status, headers: headers)
    }

    private static func texts(of status: HTTPResponse.Status) -> (code: String, detail: String) {
        switch status.code {
        case 400: ("bad_request", "The request cannot be read.")
        case 401: ("unauthorized", "The request needs valid credentials.")
        case 403: ("forbidden", "The credentials do not allow this.")
        case 404: ("not_found", "There is nothing here.")
        case 405: ("method_not_allowed", "The method is not allowed here.")
        case 408: ("request_timeout", "The request did not arrive in time.")
        case 413: ("content_too_large", "The request's body is too large.")
        case 415: ("unsupported_media_type", "The request's body is of a kind that is not taken here.")
        case 429: ("too_many_requests", "Too many requests: come back later.")
        case 500: ("internal_error", "Something went wrong here; it has been logged.")
        case 503: ("unavailable", "The service cannot do this now: come back later.")
        case 400..<500: ("client_error", "The request was refused.")
        default: ("server_error", "The service could not answer.")
        }
    }
}

import CoreMetrics
import HTTPTypes
public import Hummingbird
public import Metrics
import Synchronization

/// Counts and times requests: `tributary_http_requests_total`, `tributary_http_request_seconds`.
///
/// Add it before everything else, so that it sees the status that the client sees. The time runs until the
/// response's head is ready; a streamed body is not included. Handles are kept by route, method and status: a request
/// costs one look-up and makes no label.
public struct RequestMetrics<Context: RequestContext>: RouterMiddleware {
    private let handles: RequestHandles

    /// Counts the requests of one role.
    public init(role: String, factory: any MetricsFactory = MetricsSystem.factory) {
        handles = RequestHandles(role: role, factory: factory)
    }

    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        do {
            let response = try await next(request, context)
            note(request, context, response.status, since: start)
            return response
        } catch {
            let status = (error as? any HTTPResponseError)?.status ?? .internalServerError
            note(request, context, status, since: start)
            throw error
        }
    }

    private func note(
        _ request: Request, _ context: Context, _ status: HTTPResponse.Status, since start: ContinuousClock.Instant
    ) {
        let handle = handles[
            RequestKind(route: context.endpointPath ?? "NotFound", method: request.method, status: status.code)]
        handle.requests.increment(by: 1)
        handle.seconds.recordNanoseconds(start.duration(to: .now).nanoseconds)
    }
}

/// What requests are told apart by.
private struct RequestKind: Hashable {
    let route: String
    let method: HTTPRequest.Method
    let status: Int
}

/// The metrics of one kind of request.
private struct RequestHandle: Sendable {
    let requests: any CounterHandler
    let seconds: any TimerHandler
}

private final class RequestHandles: Sendable {
    private let role: String
    private let factory: any MetricsFactory
    private let known = Mutex<[RequestKind: RequestHandle]>([:])

    init(role: String, factory: any MetricsFactory) {
        self.role = role
        self.factory = factory
    }

    subscript(kind: RequestKind) -> RequestHandle {
        known.withLock { known in
            if let handle = known[kind] { return handle }
            let handle = make(kind)
            // A client can invent any number of methods; they share one label but would each be a key here.
            if Self.methods.contains(kind.method) { known[kind] = handle }
            return handle
        }
    }

    private func make(_ kind: RequestKind) -> RequestHandle {
        let method = Self.methods.contains(kind.method) ? kind.method.rawValue : "other"
        // "NotFound" is what the router calls a path that it does not know.
        let route = kind.route == "NotFound" ? "(none)" : kind.route
        let labels = [("role", role), ("route", route), ("method", method)]
        return RequestHandle(
            requests: factory.makeCounter(
                label: MetricNames.requests, dimensions: labels + [("status", String(kind.status))]),
            seconds: factory.makeTimer(label: MetricNames.requestSeconds, dimensions: labels))
    }

    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]
}

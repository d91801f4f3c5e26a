public import Hummingbird
public import NIOCore
import Operations

/// A request's context: also knows who asks.
public struct DashboardContext: RequestContext, RemoteAddressRequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The address of the connection's other end.
    public let remoteAddress: SocketAddress?
    /// The connection, for a request that makes something else of it.
    let channel: any Channel
    /// Who asks: nobody, until the middleware of `Access` has found out.
    public internal(set) var caller = Caller.nobody

    public init(source: Source) {
        coreContext = .init(source: source)
        (channel, remoteAddress) = (source.channel, source.channel.remoteAddress)
    }
}

/// Lets those through who have a role, and tells the routes who they are.
struct AccessMiddleware: RouterMiddleware {
    let access: Access
    let role: Caller.Role

    func handle(
        _ request: Request, context: DashboardContext,
        next: (Request, DashboardContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.caller = try await access.caller(of: request.head)
        let fields = try access.charge(context.caller)
        try context.caller.require(role)
        var response = try await next(request, context)
        fields.write(to: &response.headers, isRefusal: false)
        return response
    }
}

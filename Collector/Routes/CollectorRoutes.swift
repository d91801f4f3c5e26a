public import Hummingbird
public import NIOCore
public import Stores

/// A request's context: also knows who is asking.
public struct CollectorContext: RequestContext, RemoteAddressRequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The address of the connection's other end.
    public let remoteAddress: SocketAddress?

    public init(source: Source) {
        coreContext = .init(source: source)
        remoteAddress = source.channel.remoteAddress
    }
}

/// Adds the collector's routes to a router.
/// - Parameters:
///   - log: where events are made durable.
///   - durability: what the answer calls it: `kafka` or `embedded`.
///   - now: the clock, milliseconds since 1970.
public func addCollectorRoutes(
    to router: Router<CollectorContext>, log: any EventLog, keys: WriteKeys, durability: String,
    limits: CollectorLimits = CollectorLimits(), now: @escaping @Sendable () -> Int64
) {
    let endpoint = EventsEndpoint(
        publisher: Publisher(log: log), keys: keys, limits: limits, durability: durability, now: now)
    router.post("/v1/events") { request, context in
        try await endpoint.handle(request, context)
    }
}

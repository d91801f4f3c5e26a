import HTTPTypes
public import Hummingbird
public import NIOCore
import Operations
import Schemas
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
///   - keys: who may write.
///   - schemas: what the metadata of each event type must look like.
///   - rejected: where events that are not accepted are recorded; `nil` for nowhere.
///   - durability: what the answer calls it: `kafka` or `embedded`.
///   - rules: whom it lets in besides, and how much of each.
///   - spill: what takes events while `log` does not; the answer calls it `spill`.
///   - origins: the web pages that may send from a browser.
///   - now: the clock, milliseconds since 1970.
public func addCollectorRoutes(
    to router: Router<CollectorContext>, log: any EventLog, keys: WriteKeys, durability: String,
    spill: Spill? = nil, schemas: EventSchemas = EventSchemas(), rejected: RejectedEvents? = nil,
    limits: CollectorLimits = CollectorLimits(), origins: AllowedOrigins = AllowedOrigins(),
    rules: AdmissionRules = AdmissionRules(), now: @escaping @Sendable () -> Int64
) {
    let ingest = Ingest(
        publisher: Publisher(log: log, spill: spill), gate: Gate(keys: keys, rules: rules), limits: limits,
        durability: durability,
        schemas: schemas, rejected: rejected, bodies: BodyReader(limits: limits),
        admission: Admission(limits: limits), now: now)
    let (events, pixel) = (EventsEndpoint(ingest: ingest), PixelEndpoint(ingest: ingest))
    let crossOrigin = CrossOrigin(origins: origins)
    let group = router.group("/v1").add(middleware: crossOrigin).add(middleware: ProblemMiddleware())
    group.post("events") { try await events.handle($0, $1) }
    group.get("pixel.gif") { try await pixel.handle($0, $1) }
    for path in ["events", "pixel.gif"] as [RouterPath] {
        group.on(path, method: .options) { request, _ in try crossOrigin.preflight(request) }
    }
    addDescriptionRoute(to: router, document: OpenAPIDocument.collector.bytes)
}

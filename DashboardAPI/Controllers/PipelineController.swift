import Events
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Operations
import Stores

/// `/api/pipeline/status` and `/api/events/…`: what became of events.
struct PipelineController: Sendable {
    private let stores: PipelineStores?
    private let watch: PipelineWatch?

    /// - Parameters:
    ///   - stores: `nil` where the process was given the rollups only.
    ///   - now: the clock, milliseconds since 1970.
    init(_ stores: PipelineStores?, now: @escaping @Sendable () -> Int64) {
        self.stores = stores
        watch = stores.map { PipelineWatch(stores: $0, now: now) }
    }

    func status(_ request: Request, _ context: DashboardContext) async throws -> Response {
        guard let watch else { throw Problem.noPipeline }
        _ = try QueryParameters(of: request, allowed: [])
        return try answer(await watch.status())
    }

    func event(_ request: Request, _ context: DashboardContext) async throws -> Response {
        guard let stores else { throw Problem.noPipeline }
        _ = try QueryParameters(of: request, allowed: [])
        let source = try name("source", in: context)
        guard EventRules.isSource(source) else {
            throw QueryParameters.problem("source", "must be ^[a-z0-9][a-z0-9_-]{0,63}$")
        }
        _ = try context.caller.sources(of: [source])
        let eventID = try name("eventId", in: context)
        if let violation = EventRules.checkEventID(eventID) {
            throw QueryParameters.problem("eventId", violation.message)
        }
        do {
            return try answer(try await EventWhereabouts.find(source, eventID, in: stores))
        } catch let error as DatabaseError {
            context.logger.warning("An event could not be looked for", metadata: ["error": "\(error)"])
            throw Problem(
                .serviceUnavailable, code: "stores_unavailable", detail: "the stores cannot be read now",
                headers: [.retryAfter: "5"])
        }
    }

    /// A part of the path, decoded.
    private func name(_ name: String, in context: DashboardContext) throws(Problem) -> String {
        guard let text = context.parameters.get(name)?.removingPercentEncoding else {
            throw QueryParameters.problem(name, "must be percent-encoded UTF-8")
        }
        return text
    }

    private func answer(_ answer: some Encodable) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(answer))))
    }
}

/// Asks the stores for the pipeline's status once a second at most, however often it is wanted.
private actor PipelineWatch {
    private static let cacheTime: Duration = .seconds(1)

    private let stores: PipelineStores
    private let now: @Sendable () -> Int64
    private var latest: (status: Task<PipelineStatus, Never>, end: ContinuousClock.Instant?)?

    init(stores: PipelineStores, now: @escaping @Sendable () -> Int64) { (self.stores, self.now) = (stores, now) }

    func status() async -> PipelineStatus {
        // One that is under way has no end yet: all who come meanwhile share it.
        if let latest, latest.end.map({ $0 > .now }) ?? true { return await latest.status.value }
        let status = Task { [stores, now] in await PipelineStatus.read(stores, at: now()) }
        latest = (status, nil)
        let value = await status.value
        latest = (status, .now + Self.cacheTime)
        return value
    }
}

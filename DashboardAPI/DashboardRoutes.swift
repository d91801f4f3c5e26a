public import Hummingbird
import Operations
import Schemas
public import Stores

/// Adds the dashboard API's routes to a router.
/// - Parameters:
///   - store: where the rollups are.
///   - timeZone: the IANA name of the time zone that they are cut in.
///   - cacheSize: bytes of answers that are kept.
///   - access: who may ask.
///   - pipeline: where it can be seen how far events have come; `nil`: nowhere.
///   - now: the clock, milliseconds since 1970.
public func addDashboardRoutes(
    to router: Router<DashboardContext>, store: any RollupStore, timeZone: String, cacheSize: Int, access: Access,
    pipeline: PipelineStores?, now: @escaping @Sendable () -> Int64
) {
    let session = SessionController(access: access, now: now)
    router.get("/session") { try await session.show($0, $1) }
    router.post("/session") { try await session.signIn($0, $1) }
    router.delete("/session") { try await session.signOut($0, $1) }

    let analysts = router.group().add(middleware: AccessMiddleware(access: access, role: .analyst))
    let analytics = AnalyticsController(store: store, timeZone: timeZone, cacheSize: cacheSize)
    analysts.get("/api/analytics/visitors") { request, context in
        try await analytics.answer(VisitorsQuery.self, request, context)
    }
    analysts.get("/api/analytics/sources") { request, context in
        try await analytics.answer(SourcesQuery.self, request, context)
    }
    analysts.get("/api/analytics/breakdown") { request, context in
        try await analytics.answer(BreakdownQuery.self, request, context)
    }
    analysts.get("/api/analytics/events") { request, context in
        try await analytics.answer(EventsQuery.self, request, context)
    }
    analysts.get("/api/analytics/retention") { request, context in
        try await analytics.answer(RetentionQuery.self, request, context)
    }

    let events = PipelineController(pipeline, now: now)
    analysts.get("/api/events/:source/:eventId") { try await events.event($0, $1) }
    let admins = router.group().add(middleware: AccessMiddleware(access: access, role: .admin))
    admins.get("/api/pipeline/status") { try await events.status($0, $1) }
    addDescriptionRoute(to: router, document: OpenAPIDocument.dashboard.bytes)
}

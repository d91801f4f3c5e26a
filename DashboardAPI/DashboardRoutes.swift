public import Hummingbird
import Operations
import Schemas
public import Stores

/// Adds the dashboard API's routes to a router.
/// - Parameters:
///   - store: where the rollups are.
///   - timeZone: the IANA name of the time zone that they are cut in.
///   - cacheSize: bytes of answers that are kept.
public func addDashboardRoutes(
    to router: Router<some RequestContext>, store: any RollupStore, timeZone: String, cacheSize: Int
) {
    let analytics = AnalyticsController(store: store, timeZone: timeZone, cacheSize: cacheSize)
    router.get("/api/analytics/visitors") { request, context in
        try await analytics.answer(VisitorsQuery.self, request, context)
    }
    router.get("/api/analytics/sources") { request, context in
        try await analytics.answer(SourcesQuery.self, request, context)
    }
    router.get("/api/analytics/breakdown") { request, context in
        try await analytics.answer(BreakdownQuery.self, request, context)
    }
    router.get("/api/analytics/events") { request, context in
        try await analytics.answer(EventsQuery.self, request, context)
    }
    router.get("/api/analytics/retention") { request, context in
        try await analytics.answer(RetentionQuery.self, request, context)
    }
    addDescriptionRoute(to: router, document: OpenAPIDocument.dashboard.bytes)
}

public import Hummingbird
public import Stores

/// Adds the dashboard API's routes to a router.
/// - Parameters:
///   - store: where the rollups are.
///   - timeZone: the IANA name of the time zone that they are cut in.
public func addDashboardRoutes(
    to router: Router<some RequestContext>, store: any RollupStore, timeZone: String
) {
    let analytics = AnalyticsController(store: store, timeZone: timeZone)
    router.get("/api/analytics/visitors") { request, context in
        try await analytics.visitors(request, context)
    }
    router.get("/api/analytics/breakdown") { request, context in
        try await analytics.breakdown(request, context)
    }
}

public import Hummingbird

/// Adds the live view, `GET /api/analytics/live`.
/// - Parameters:
///   - hub: what is told; `nil` where no summaries can be had.
///   - access: who may look on, and what they see of it.
public func addLive(to router: Router<DashboardContext>, hub: LiveHub?, access: Access) {
    let controller = LiveController(hub: hub)
    let analysts = router.group().add(middleware: AccessMiddleware(access: access, role: .analyst))
    analysts.get("/api/analytics/live") { request, context in try await controller.live(request, context) }
}

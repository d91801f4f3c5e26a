import ArgumentParser
import DashboardAPI
import Operations
import Stores

/// `tributary dashboard-api`: answers questions from the rollups.
struct DashboardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard-api", abstract: "Answer analysts' questions by date from the rollups.")

    @OptionGroup var options: RoleOptions

    func run() async throws {
        let process = try RoleProcess(.dashboardAPI, options)
        let rollups = try process.buildRollupStore()
        let pipeline = try process.buildPipelineStores(rollups)
        let settings = process.settings
        let liveLog = settings.kafka.bootstrapServers.isEmpty ? nil : try process.buildLiveLog()
        let live = liveLog.map { process.buildLiveHub(LogLiveFeed(log: $0)) }
        let access = try await process.buildAccess()
        let health = Health(role: "dashboard-api", checks: [.rollups(rollups)] + access.checks)
        let server = process.server(
            host: settings.dashboard.host, port: settings.dashboard.port, health: health,
            context: DashboardContext.self
        ) { router in
            addDashboardRoutes(
                to: router, store: rollups, timeZone: settings.reportingTimeZone,
                cacheSize: settings.dashboard.cacheSize, access: access.access, pipeline: pipeline,
                now: currentMilliseconds)
            addLive(to: router, hub: live, access: access.access)
            addPage(to: router, isLive: live != nil, directory: settings.dashboard.pageDirectory)
        }
        var services = process.reloading(access.reloadables) + access.services
        if let live { services.append(live) }
        // Those who look on are told so by the server, the first to end.
        try await process.run(services + [server]) {
            await liveLog?.close()
            await pipeline?.close()
            await rollups.close()
        }
    }
}

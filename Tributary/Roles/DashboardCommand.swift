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
            addPage(to: router, directory: settings.dashboard.pageDirectory)
        }
        let services = process.reloading(access.reloadables) + access.services + [server]
        try await process.run(services) {
            await pipeline?.close()
            await rollups.close()
        }
    }
}

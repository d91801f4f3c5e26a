import ArgumentParser
import DashboardAPI
import Hummingbird
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
        let settings = process.settings
        let health = Health(role: "dashboard-api", checks: [.rollups(rollups)])
        let server = process.server(
            host: settings.dashboard.host, port: settings.dashboard.port, health: health,
            context: BasicRequestContext.self
        ) { router in
            addDashboardRoutes(
                to: router, store: rollups, timeZone: settings.reportingTimeZone,
                cacheSize: settings.dashboard.cacheSize)
            addPage(to: router, directory: settings.dashboard.pageDirectory)
        }
        try await process.run([server]) { await rollups.close() }
    }
}

import ArgumentParser
import Collector
import Operations
import ServiceLifecycle
import Stores

/// `tributary collector`: takes events over HTTP.
struct CollectorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collector", abstract: "Take events over HTTP and append them to the log.")

    @OptionGroup var options: RoleOptions

    func run() async throws {
        let process = try RoleProcess(.collector, options)
        let log = try process.buildLog()
        let settings = process.settings.collector
        let health = Health(role: "collector", checks: [.log(log)])
        let keys = WriteKeys(Dictionary(uniqueKeysWithValues: settings.writeKeys.map { ($0.key, $0.source) }))
        let parts = try process.buildCollectorParts(log)
        let server = process.server(
            host: settings.host, port: settings.port, health: health, context: CollectorContext.self
        ) { router in
            addCollectorRoutes(
                to: router, log: log, keys: keys, durability: "kafka", schemas: parts.schemas, rejected: parts.rejected,
                now: currentMilliseconds)
        }
        let reload = ReloadService(parts.reloadables, logger: process.logger)
        // The server is the first to end: what it rejects last is still recorded.
        let services: [any Service] = [reload] + (parts.rejected.map { [$0] } ?? []) + [server]
        try await process.run(services) { await log.close() }
    }
}

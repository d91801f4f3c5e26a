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
        let keys = try process.buildWriteKeys()
        let rules = AdmissionRules(settings.admission)
        let parts = try process.buildCollectorParts(log)
        let server = process.server(
            host: settings.host, port: settings.port, health: health, context: CollectorContext.self
        ) { router in
            addCollectorRoutes(
                to: router, log: log, keys: keys, durability: "kafka", schemas: parts.schemas, rejected: parts.rejected,
                rules: rules, now: currentMilliseconds)
        }
        // The server is the first to end: what it rejects last is still recorded.
        let services = process.reloading(keys, and: parts.reloadables) + (parts.rejected.map { [$0] } ?? []) + [server]
        try await process.run(services) { await log.close() }
    }
}

import ArgumentParser
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
        let health = Health(role: "collector", checks: [.log(log)])
        let keys = try process.buildWriteKeys()
        let parts = try process.buildCollectorParts(log)
        let server = try process.collectorServer(
            log: log, durability: "kafka", keys: keys, parts: parts, health: health)
        // The server is the first to end: what it rejects last is still recorded.
        let services = process.reloading(keys, and: parts.reloadables) + (parts.rejected.map { [$0] } ?? []) + [server]
        try await process.run(services) { await log.close() }
    }
}

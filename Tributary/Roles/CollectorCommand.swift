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
        let spill = try await process.openSpill(before: log)
        let health = Health(role: "collector", checks: [spill?.health ?? .log(log)])
        let keys = try process.buildWriteKeys()
        let parts = try process.buildCollectorParts(log)
        let server = try process.collectorServer(
            log: log, spill: spill?.spill, durability: "kafka", keys: keys, parts: parts, health: health)
        // The server is the first to end: what it rejects last is still recorded, what it takes last still spilled.
        let background: [(any Service)?] = [spill?.service, parts.rejected]
        let services = background.compactMap { $0 } + process.reloading(keys, and: parts.reloadables) + [server]
        try await process.run(services) {
            await log.close()
            await spill?.close()
        }
    }
}

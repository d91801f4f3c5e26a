import Aggregator
import ArgumentParser
import DashboardAPI
import Operations
import ServiceLifecycle
import Stores
import Traffic
import Worker

/// `tributary serve`: all four roles in one process. With a data directory nothing else is needed.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run all four roles in one process, on a directory or on the three servers.")

    @OptionGroup var options: RoleOptions

    @Option(help: "A directory that holds everything: the embedded profile. Without one, the three addresses are used.")
    var dataDir: String?

    func run() async throws {
        try await serve(try RoleProcess(.serve, options, overrides: dataDir.map { ["DATA_DIR": $0] } ?? [:]))
    }

    /// Runs the four roles, and beside them services that begin after them and end before them.
    /// - Parameter isDemonstration: whether visitors are made up, and with them their browsers and addresses.
    func serve(
        _ process: RoleProcess, with companions: [any Service] = [], isDemonstration: Bool = false
    ) async throws {
        let keys = try process.buildWriteKeys(believingAnyone: isDemonstration)
        let access = try await process.buildAccess()
        let stores = try process.buildStores()
        if stores.durability == "embedded" { try await provision(stores, process) }
        try await process.checkTimeZone(stores.rollups, try process.buildCalendar())
        let spill = stores.durability == "embedded" ? nil : try await process.openSpill(before: stores.log)
        let worker = try buildWorker(process, stores, isDemonstration)
        let aggregator = try buildAggregator(process, stores)
        let health = Health(
            role: "serve",
            checks: [
                spill?.health ?? .log(stores.log), .rawEvents(stores.raw), .rollups(stores.rollups),
                worker.health, aggregator.health,
            ] + access.checks)
        let live = process.buildLiveHub(stores.live)
        let parts = try process.buildCollectorParts(stores.log)
        // The servers are the first to end: what they reject last is still recorded.
        var services = process.reloading(keys, and: parts.reloadables + access.reloadables)
        services += [OpenDeadLetters(stores.raw, logger: process.logger, now: currentMilliseconds), worker, aggregator]
        services += [live] + access.services
        if let rejected = parts.rejected { services.append(rejected) }
        services += [
            try process.collectorServer(
                log: stores.log, spill: spill?.spill, durability: stores.durability, keys: keys, parts: parts,
                health: health),
            dashboardServer(process, stores, live, access.access, health),
        ]
        if let directory = process.settings.dataDirectory {
            services.append(
                CommandServer(directory: directory, stores: stores, settings: process.settings, logger: process.logger))
        }
        if let directory = stores.directory {
            services.append(
                RetentionService(
                    directory: directory, rawRetentionDays: process.settings.mongodb.rawRetentionDays,
                    logger: process.logger))
        }
        // The first to start is the last to end: what comes in while the others end may still be spilled.
        if let spill { services.insert(spill.service, at: 0) }
        try await process.run(services + companions) {
            await stores.close()
            await spill?.close()
        }
    }

    /// A new directory needs no command of its own.
    private func provision(_ stores: BuiltStores, _ process: RoleProcess) async throws {
        do {
            _ = try await stores.log.provision(TopicDefinition.contract)
            try await stores.raw.provision()
            try await stores.rollups.provision(timeZone: process.settings.reportingTimeZone)
        } catch {
            say("tributary serve: \(error)")
            throw ExitCode(78)
        }
    }

    private func buildWorker(
        _ process: RoleProcess, _ stores: BuiltStores, _ isDemonstration: Bool
    ) throws -> WorkerService {
        var configuration = try process.buildWorkerConfiguration()
        if isDemonstration, configuration.enrichment.country == nil {
            configuration.enrichment.country = { MadeUpAddress.country(of: $0) }
        }
        if stores.durability == "embedded" { configuration.concurrentInserts = 1 }
        return WorkerService(
            log: stores.log, store: stores.raw, live: stores.live, configuration: configuration,
            logger: process.logger, now: currentMilliseconds, newToken: freshToken)
    }

    private func buildAggregator(_ process: RoleProcess, _ stores: BuiltStores) throws -> AggregatorService {
        AggregatorService(
            log: stores.log, raw: stores.raw, rollups: stores.rollups, calendar: try process.buildCalendar(),
            metadata: process.metadataKeys, interval: process.settings.aggregator.interval, logger: process.logger,
            now: currentMilliseconds)
    }

    private func dashboardServer(
        _ process: RoleProcess, _ stores: BuiltStores, _ live: LiveHub, _ access: Access, _ health: Health
    ) -> any Service {
        let settings = process.settings
        return process.server(
            host: settings.dashboard.host, port: settings.dashboard.port, health: health,
            context: DashboardContext.self
        ) { router in
            addDashboardRoutes(
                to: router, store: stores.rollups, timeZone: settings.reportingTimeZone,
                cacheSize: settings.dashboard.cacheSize, access: access,
                pipeline: process.pipelineStores(
                    log: stores.log, raw: stores.raw, rollups: stores.rollups),
                now: currentMilliseconds)
            addLive(to: router, hub: live, access: access)
            addPage(to: router, isLive: true, directory: settings.dashboard.pageDirectory)
        }
    }
}

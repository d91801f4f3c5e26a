import Aggregator
import ArgumentParser
import Operations
import Stores

/// `tributary aggregator`: folds stored events into rollups.
struct AggregatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aggregator", abstract: "Fold stored events into 15-minute, daily and weekly rollups.")

    @OptionGroup var options: RoleOptions

    @Flag(help: "Run one pass and exit.")
    var once = false

    func run() async throws {
        let process = try RoleProcess(.aggregator, options)
        let log = try process.buildLog()
        let raw = try process.buildRawEventStore()
        let rollups = try process.buildRollupStore()
        let calendar = try process.buildCalendar()
        try await process.checkTimeZone(rollups, calendar)
        let settings = process.settings.aggregator
        let aggregator = AggregatorService(
            log: log, raw: raw, rollups: rollups, calendar: calendar,
            metadata: process.metadataKeys, interval: settings.interval,
            logger: process.logger, now: currentMilliseconds)
        let close: @Sendable () async -> Void = {
            await log.close()
            await raw.close()
            await rollups.close()
        }
        if once { return try await runOnce(aggregator, close) }
        let health = Health(
            role: "aggregator", checks: [.log(log), .rawEvents(raw), .rollups(rollups), aggregator.health])
        let admin = AdminServer(
            host: settings.adminHost, port: settings.adminPort, health: health, metrics: process.metrics,
            logger: process.logger)
        try await process.run([admin, aggregator], then: close)
    }

    /// A pass that another aggregator was quicker than is run again, from where that one has come.
    private func runUncontended(_ aggregator: AggregatorService) async throws -> PassReport {
        for _ in 0..<5 {
            do { return try await aggregator.runPass() } catch let error as DatabaseError where error.code == .contended
            {}
        }
        return try await aggregator.runPass()
    }

    private func runOnce(_ aggregator: AggregatorService, _ close: @Sendable () async -> Void) async throws {
        let result: Result<PassReport, any Error>
        do { result = .success(try await runUncontended(aggregator)) } catch { result = .failure(error) }
        await close()
        switch result {
        case .success(let report):
            print("folded \(report.events) events, \(report.mismatches) windows left for the next pass")
            if report.mismatches > 0 { throw ExitCode.failure }
        case .failure(let error):
            say("tributary aggregator: the pass failed, nothing is half done: \(error)")
            throw ExitCode.failure
        }
    }
}

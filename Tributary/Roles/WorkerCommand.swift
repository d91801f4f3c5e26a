import ArgumentParser
import Operations
import Stores
import Worker

/// `tributary worker`: stores events from the log.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Store events from the log; any number of workers share the partitions.")

    @OptionGroup var options: RoleOptions

    func run() async throws {
        let process = try RoleProcess(.worker, options)
        let log = try process.buildLog()
        let liveLog = try process.buildLiveLog()
        let raw = try process.buildRawEventStore()
        let settings = process.settings.worker
        let configuration = try process.buildWorkerConfiguration()
        let worker = WorkerService(
            log: log, store: raw, live: LogLiveFeed(log: liveLog), configuration: configuration, logger: process.logger,
            now: currentMilliseconds, newToken: freshToken)
        let health = Health(role: "worker", checks: [.log(log), .rawEvents(raw), worker.health])
        let admin = AdminServer(
            host: settings.adminHost, port: settings.adminPort, health: health, metrics: process.metrics,
            logger: process.logger)
        let letters = OpenDeadLetters(raw, logger: process.logger, now: currentMilliseconds)
        try await process.run([admin, letters, worker]) {
            await liveLog.close()
            await log.close()
            await raw.close()
        }
    }
}

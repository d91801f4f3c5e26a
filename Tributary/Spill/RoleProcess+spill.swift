import Collector
import EmbeddedStores
import Operations
import ServiceLifecycle
import Stores

/// A spill with the directory that it lies in.
struct OpenSpill: Sendable {
    let spill: Spill
    private let directory: SpillDirectory

    /// Whether events can be made durable; stands for the log's own check.
    var health: HealthCheck { spill.health }
    /// Drains it, looks after it and shows its figures.
    var service: any Service { SpillService(spill, now: currentMilliseconds) }

    init(_ directory: SpillDirectory, before log: any EventLog, maximumBytes: Int, _ process: RoleProcess) async throws
    {
        self.directory = directory
        spill = try await Spill.open(
            log: log, store: directory.log, usedBytes: try await directory.log.usedBytes(),
            maximumBytes: Int64(maximumBytes), logger: process.logger
        ) { await directory.hasRoom() }
    }

    func close() async { await directory.close() }
}

extension RoleProcess {
    /// The spill of `SPILL_DIR`; `nil` where it is not set.
    func openSpill(before log: any EventLog) async throws -> OpenSpill? {
        guard let path = settings.spill.directory else { return nil }
        return try await openSpill(try configured { try SpillDirectory(path: path) }, before: log)
    }

    /// The spill of a directory.
    func openSpill(_ directory: SpillDirectory, before log: any EventLog) async throws -> OpenSpill {
        let spill: Result<OpenSpill, any Error>
        do {
            spill = .success(
                try await OpenSpill(directory, before: log, maximumBytes: settings.spill.maximumBytes, self))
        } catch { spill = .failure(error) }
        return try configured { try spill.get() }
    }
}

import ArgumentParser
import Collector
import JSONSchema
import Operations
import Stores

/// What the collector's port needs besides a log, in either profile.
struct CollectorParts {
    let schemas: EventSchemas
    /// `nil` where rejected events are not recorded.
    let rejected: RejectedEvents?
    /// What SIGHUP reads again.
    let reloadables: [Reloadable]
}

extension RoleProcess {
    /// Loads the schemas; where they cannot be used the process ends as with any wrong setting.
    func buildCollectorParts(_ log: any EventLog) throws -> CollectorParts {
        let schemas = EventSchemas()
        var reloadables: [Reloadable] = []
        if let directory = settings.schemasDirectory {
            do {
                schemas.replace(with: try SchemaSet(directory: directory))
            } catch {
                say("SCHEMAS_DIR: \(error)")
                throw ExitCode(78)
            }
            reloadables.append(
                Reloadable(name: "schemas") {
                    let loaded = try SchemaSet(directory: directory)
                    schemas.replace(with: loaded)
                    return "\(loaded.count) schemas"
                })
        }
        return CollectorParts(schemas: schemas, rejected: buildRejectedEvents(log), reloadables: reloadables)
    }

    private func buildRejectedEvents(_ log: any EventLog) -> RejectedEvents? {
        guard settings.rejectedEvents.isRecorded else { return nil }
        var limits = RejectedEventsLimits()
        limits.rate = settings.rejectedEvents.rate
        limits.burst = settings.rejectedEvents.burst
        limits.queueSize = settings.rejectedEvents.queueSize
        return RejectedEvents(log: log, limits: limits, logger: logger, now: currentMilliseconds)
    }
}

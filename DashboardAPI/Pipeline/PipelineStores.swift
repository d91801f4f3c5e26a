import HTTPTypes
import Operations
public import Stores

/// What tells how far the pipeline is.
public struct PipelineStores: Sendable {
    let log: any EventLog
    let raw: any RawEventStore
    let rollups: any RollupStore
    let group: String
    let assumedRetention: Int64

    /// - Parameters:
    ///   - group: the workers' consumer group.
    ///   - assumedRetention: how long the log is taken to keep a record that nobody has read where it does not tell, in
    ///     milliseconds.
    public init(
        log: any EventLog, raw: any RawEventStore, rollups: any RollupStore, group: String, assumedRetention: Int64
    ) {
        (self.log, self.raw, self.rollups) = (log, raw, rollups)
        (self.group, self.assumedRetention) = (group, assumedRetention)
    }

    /// Lets go of the log and of the raw events; the rollups are somebody else's too.
    public func close() async {
        await log.close()
        await raw.close()
    }
}

extension Problem {
    /// A process that was given the rollups only.
    static var noPipeline: Problem {
        Problem(
            .serviceUnavailable, code: "pipeline_not_configured",
            detail: "this process needs KAFKA_BOOTSTRAP_SERVERS and MONGODB_URI to tell")
    }
}

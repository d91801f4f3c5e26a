import Logging
import Stores

/// Measures, time and again, how far behind this worker is. Beside the loop, which does not wait for it.
actor LagMeter {
    /// How long the log's word on its retention is believed.
    private static let retentionTime: Duration = .seconds(600)

    private let log: any EventLog
    private let interval: Duration
    /// What is taken for the retention where the log does not tell it, in milliseconds.
    private let assumedRetention: Int64
    private let logger: Logger
    private let now: @Sendable () -> Int64

    private var telemetry = LagTelemetry()
    /// The time of the record at each partition's position: one that stands still is read once.
    private var times: [LogOffset: Int64] = [:]
    private var retention: (milliseconds: Int64?, until: ContinuousClock.Instant)?

    init(
        log: any EventLog, interval: Duration, assumedRetention: Int64, logger: Logger,
        now: @escaping @Sendable () -> Int64
    ) {
        (self.log, self.interval, self.assumedRetention) = (log, interval, assumedRetention)
        (self.logger, self.now) = (logger, now)
    }

    /// Goes on until the task is cancelled.
    /// - Parameter positions: tells the progress of the partitions that this worker has.
    func run(_ positions: @Sendable () async -> [IngestProgress]) async {
        while !Task.isCancelled {
            await report(await positions())
            try? await Task.sleep(for: interval)
        }
    }

    private func report(_ positions: [IngestProgress]) async {
        telemetry.keep(Set(positions.map(\.partition.partition)))
        do {
            let progress = Dictionary(positions.map { ($0.partition.partition, $0) }) { $1 }
            for lag in try await measure(positions) { telemetry.set(lag, progress[lag.partition]!) }
        } catch {
            logger.debug("Lag could not be measured", metadata: ["error": "\(error)"])
        }
    }

    /// The lag of each partition.
    func measure(_ positions: [IngestProgress]) async throws -> [PartitionLag] {
        guard !positions.isEmpty else { return [] }
        let limit = await currentRetention()
        let extents = try await log.watermarks(of: .userEvents, partitions: positions.map(\.partition.partition))
        let present = positions.compactMap { progress in extents[progress.partition.partition].map { (progress, $0) } }
        let oldest = present.compactMap { PartitionLag.oldest($0, $1) }
        times = times.filter { oldest.contains($0.key) }
        let unknown = oldest.filter { times[$0] == nil }
        if !unknown.isEmpty {
            for record in try await log.records(at: unknown, in: .userEvents).records {
                times[LogOffset(partition: record.partition, offset: record.offset)] = record.timestamp
            }
        }
        let now = now()
        return present.map { progress, extent in
            let oldest = PartitionLag.oldest(progress, extent).flatMap { times[$0] }
            return PartitionLag(progress, extent, oldest: oldest, retention: limit, now: now)
        }
    }

    /// In milliseconds; `nil` for ever.
    private func currentRetention() async -> Int64? {
        if let retention, retention.until > .now { return retention.milliseconds }
        let milliseconds = await log.unreadRetention(of: .userEvents, assuming: assumedRetention)
        retention = (milliseconds, .now + Self.retentionTime)
        return milliseconds
    }
}

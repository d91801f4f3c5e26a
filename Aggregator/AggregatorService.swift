import Foundation
public import Logging
public import Operations
public import ServiceLifecycle
public import Stores

/// Runs a pass every interval, until a graceful shutdown.
///
/// Two at once are safe: the cursors decide, and the slower one finds that it was contended and begins again.
public actor AggregatorService: Service {
    private let log: any EventLog
    private let raw: any RawEventStore
    private let rollups: any RollupStore
    private let calendar: ReportingCalendar
    private let merger: Merger
    private let dimensions: Dimensions
    private let interval: Duration
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let telemetry = AggregatorTelemetry()
    private var freshness = Freshness()
    /// Why the last pass failed; `nil` when it did not.
    private var trouble: (any Error)?
    /// What the last pass that succeeded found.
    private var lastCompleteThrough: Int64?

    /// An aggregator over a log and two stores.
    /// - Parameters:
    ///   - metadata: keys of metadata to be counted by, beside the dimensions that always are.
    ///   - interval: from the end of one pass to the next, give or take a tenth.
    ///   - now: the clock, milliseconds since 1970.
    public init(
        log: any EventLog, raw: any RawEventStore, rollups: any RollupStore, calendar: ReportingCalendar,
        metadata: MetadataKeys = .none, interval: Duration, logger: Logger, now: @escaping @Sendable () -> Int64
    ) {
        (self.log, self.raw, self.rollups, self.calendar) = (log, raw, rollups, calendar)
        merger = Merger(store: rollups)
        dimensions = Dimensions(metadata: metadata)
        (self.interval, self.logger, self.now) = (interval, logger, now)
    }

    /// Runs passes. One that fails is tried again after a while, and leaves nothing half done.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff(initial: .milliseconds(500), maximum: .seconds(30))
            while !Task.isCancelled {
                do {
                    _ = try await self.runPass()
                    backoff.reset()
                    try await Task.sleep(for: self.interval * Double.random(in: 0.9...1.1))
                } catch is CancellationError {
                    return
                } catch {
                    try? await Task.sleep(for: backoff.next())
                }
            }
        }
    }

    /// Runs one pass.
    /// - Throws: the world's trouble, after noting it.
    @discardableResult
    public func runPass() async throws -> PassReport {
        let start = ContinuousClock.now
        do {
            await observeLog()
            var report = try await AggregationPass(
                raw: raw, merger: merger, calendar: calendar, dimensions: dimensions,
                parallelism: ProcessInfo.processInfo.activeProcessorCount, logger: logger
            ).run()
            report.completeThrough = try await updateFreshness()
            lastCompleteThrough = report.completeThrough
            trouble = nil
            telemetry.count(report, took: .now - start, now: now())
            logger.info(
                "Pass finished", metadata: ["events": "\(report.events)", "mismatches": "\(report.mismatches)"])
            return report
        } catch {
            trouble = error
            telemetry.countFailure(completeThrough: lastCompleteThrough, now: now())
            logger.warning("Pass failed, nothing is half done", metadata: ["error": "\(error)"])
            throw error
        }
    }

    /// Notes where the log ends now. A log that does not answer costs freshness only, never the pass.
    private func observeLog() async {
        let time = now()
        do {
            let progress = try await raw.withConsistentReader { try await $0.progress() }
            let count = try await log.partitionCount(of: .userEvents)
            let extents = try await log.watermarks(of: .userEvents, partitions: Array(0..<Int32(count)))
            freshness.observe(.init(time: time, ends: extents.mapValues(\.high)), progress)
        } catch {
            logger.warning("The log's ends could not be read", metadata: ["error": "\(error)"])
        }
    }

    private func updateFreshness() async throws -> Int64? {
        let progress = try await raw.withConsistentReader { try await $0.progress() }
        let cursors = try await rollups.withReader { try await $0.cursors() }
        guard let time = freshness.completeThrough(progress, cursors) else {
            return try await rollups.withReader { try await $0.state().completeThrough }
        }
        try await rollups.withTransaction { try await $0.setCompleteThrough(time) }
        return time
    }

    /// Ready when the last pass went through.
    public nonisolated var health: HealthCheck {
        HealthCheck(name: "aggregation") { [weak self] in
            if let trouble = await self?.trouble { throw trouble }
        }
    }
}

import Events
import Foundation
public import Logging
public import Operations
public import ServiceLifecycle
public import Stores

/// Runs a pass every interval, until a graceful shutdown, while it leads: of several aggregators one does the work, and
/// another follows within ten seconds when it is gone.
///
/// Two that lead at once are safe: the cursors decide, and the slower one finds that it was contended and begins again.
public actor AggregatorService: Service {
    /// How long a lead lasts unless it is renewed, and how often that is tried: another one follows after their sum.
    static let term: Duration = .seconds(6)
    static let renewal: Duration = .seconds(2)

    private let log: any EventLog
    private let raw: any RawEventStore
    private let rollups: any RollupStore
    private let calendar: ReportingCalendar
    private let merger: Merger
    private let dimensions: Dimensions
    private let interval: Duration
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let name = UUID().uuidString
    private let telemetry = AggregatorTelemetry()
    private var freshness = Freshness()
    /// The interval that was open when closed periods were last tidied up.
    private var closedBefore: PeriodNumber?
    /// Why the last pass failed, or the lead could not be asked for; `nil` when all is well.
    private var trouble: (any Error)?
    /// Since the last pass that went through.
    private var failures = 0

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

    /// Runs passes while it leads, and waits to lead while it does not.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let isLeading = await self.takeLead()
                if isLeading { await self.lead() }
                try? await Task.sleep(for: Self.renewal * Double.random(in: 0.9...1.1))
            }
        }
        await resign()
    }

    /// Spares a successor the wait, if the store answers at once.
    private func resign() async {
        await withTaskGroup { [rollups, name] group in
            group.addTask { try? await rollups.resign(as: name) }
            group.addTask { try? await Task.sleep(for: .seconds(2)) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Asks for the lead, or keeps it.
    private func takeLead() async -> Bool {
        do {
            let isLeading = try await rollups.lead(as: name, for: Self.term)
            if !isLeading { trouble = nil }
            return isLeading
        } catch {
            note(error, "The lead could not be asked for")
            return false
        }
    }

    /// Runs passes until the lead is lost.
    private func lead() async {
        logger.info("Leading")
        telemetry.leads(true)
        await withTaskGroup { group in
            group.addTask { await self.keepLead() }
            group.addTask { await self.runPasses() }
            await group.next()
            group.cancelAll()
        }
        telemetry.leads(false)
        logger.info("No longer leading")
    }

    /// Renews the lead; returns when another one has it, or may have.
    private func keepLead() async {
        var end = ContinuousClock.now + Self.term
        while !Task.isCancelled, .now < end {
            try? await Task.sleep(for: Self.renewal)
            let asked = ContinuousClock.now
            do {
                guard try await rollups.lead(as: name, for: Self.term) else { return }
                end = asked + Self.term
            } catch {
                logger.warning("The lead could not be renewed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Runs passes. One that fails is tried again after a while, and leaves nothing half done.
    private func runPasses() async {
        var backoff = Backoff(initial: .milliseconds(500), maximum: .seconds(30))
        while !Task.isCancelled {
            do {
                try await runPass()
                backoff.reset()
                try await Task.sleep(for: interval * Double.random(in: 0.9...1.1))
            } catch is CancellationError {
                return
            } catch {
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Runs one pass, whoever leads.
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
            try await closePeriods()
            (trouble, failures) = (nil, 0)
            telemetry.count(report, took: .now - start, now: now())
            logger.info(
                "Pass finished", metadata: ["events": "\(report.events)", "mismatches": "\(report.mismatches)"])
            return report
        } catch let error as DatabaseError where error.code == .contended {
            // Somebody else's success: the next one begins from there.
            telemetry.countContended()
            logger.info("Pass contended, nothing is half done", metadata: ["error": "\(error)"])
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            note(error, "Pass failed, nothing is half done")
            throw error
        }
    }

    private func note(_ error: any Error, _ message: Logger.Message) {
        trouble = error
        failures += 1
        telemetry.countFailure(inARow: failures)
        logger.warning(message, metadata: ["error": "\(error)"])
    }

    /// Tidies up, whenever another quarter of an hour has begun.
    private func closePeriods() async throws {
        var calendar = calendar
        let (time, interval) = (now(), calendar.interval(of: now()))
        guard interval != closedBefore else { return }
        let day = calendar.day(of: time)
        let count = try await merger.compact(
            before: [.interval: interval, .day: day, .week: CivilDate.monday(of: day)])
        closedBefore = interval
        if count > 0 { logger.info("Sets of closed periods compacted", metadata: ["sets": "\(count)"]) }
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

    /// Ready when the last pass went through, or another aggregator leads.
    public nonisolated var health: HealthCheck {
        HealthCheck(name: "aggregation") { [weak self] in
            if let trouble = await self?.trouble { throw trouble }
        }
    }
}

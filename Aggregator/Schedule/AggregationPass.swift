import Logging
import Stores

/// What a pass came to.
public struct PassReport: Sendable, Equatable {
    /// Events folded.
    public var events = 0
    /// Partitions whose window did not hold as many events as the books say; they were left alone.
    public var mismatches = 0
    /// Everything received before this time has been folded: milliseconds since 1970; `nil` where nothing is known.
    public var completeThrough: Int64?
}

/// Folds what has been stored since the last pass, and merges it.
struct AggregationPass: Sendable {
    /// Offsets read at once, at most.
    static let readSize: Int64 = 10_000
    /// Events folded into one transaction: about this many, then the next begins.
    static let transactionSize = 200_000

    let raw: any RawEventStore
    let rollups: any RollupStore
    let calendar: ReportingCalendar
    let logger: Logger

    /// Folds and merges until nothing is left of what was stored when it began.
    func run() async throws -> PassReport {
        let merger = Merger(store: rollups)
        let cursors = try await rollups.withReader { reader in
            try Self.check(calendar, against: try await reader.state())
            return try await reader.cursors()
        }
        return try await raw.withConsistentReader { reader in
            var report = PassReport()
            var (fold, passes) = (Fold(calendar: calendar), [PartitionPass]())
            for pass in PartitionPass.plan(try await reader.progress(), cursors) {
                guard let events = try await events(of: pass, reader) else {
                    report.mismatches += 1
                    continue
                }
                for event in events { fold.add(event) }
                passes.append(pass)
                if fold.count >= Self.transactionSize {
                    try await merger.merge(fold, moving: passes)
                    report.events += fold.count
                    (fold, passes) = (Fold(calendar: calendar), [])
                }
            }
            if !passes.isEmpty { try await merger.merge(fold, moving: passes) }
            report.events += fold.count
            return report
        }
    }

    /// Days cut in two time zones would never add up.
    private static func check(_ calendar: ReportingCalendar, against state: RollupState) throws {
        guard state.timeZone == calendar.identifier else {
            throw DatabaseError(
                .invalidConfiguration, store: "rollups",
                "REPORTING_TIMEZONE is \(calendar.identifier), but the rollups are cut in \(state.timeZone)")
        }
    }

    /// A window's events; `nil` where they are not as many as the books say: then nothing may move.
    private func events(of pass: PartitionPass, _ reader: any RawEventReader) async throws -> [StoredEvent]? {
        var events: [StoredEvent] = []
        for part in pass.window.parts(of: Self.readSize) { events += try await reader.events(in: part) }
        guard events.count == pass.expectedEvents else {
            logger.error(
                "A window does not hold the events that the books say",
                metadata: [
                    "partition": "\(pass.to.partition)", "offsets": "\(pass.window.offsets)",
                    "found": "\(events.count)", "expected": "\(pass.expectedEvents)",
                ])
            return nil
        }
        return events
    }
}

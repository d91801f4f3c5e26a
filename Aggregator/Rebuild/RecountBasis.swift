public import Stores

/// What a recount is made from, and how: raw events on one side, rollups on the other.
public struct RecountBasis: Sendable {
    let raw: any RawEventStore
    let rollups: any RollupStore
    let calendar: ReportingCalendar
    let dimensions: Dimensions
    private let retentionDays: Int

    /// Names the two stores, and what the aggregator was told.
    /// - Parameters:
    ///   - metadata: the keys of metadata that the aggregator counts by.
    ///   - retentionDays: how long raw events are kept.
    public init(
        raw: any RawEventStore, rollups: any RollupStore, calendar: ReportingCalendar, metadata: MetadataKeys,
        retentionDays: Int
    ) {
        (self.raw, self.rollups, self.calendar) = (raw, rollups, calendar)
        dimensions = Dimensions(metadata: metadata)
        self.retentionDays = retentionDays
    }

    /// The first day whose raw events are all there, if any have expired: an event is stored at the earliest a day before
    /// its own, and kept for the days of retention from then on.
    func firstWholeDay(today: PeriodNumber) -> PeriodNumber { today - PeriodNumber(clamping: retentionDays) + 2 }

    /// Counts the raw events that cursors have passed.
    /// - Parameter progress: told of the offsets passed and of all.
    /// - Throws: `RecountError` where some of the span's may have expired.
    func scan(
        _ span: RecountSpan, _ sources: [String]?, upTo cursors: [RollupCursor], now: Int64,
        _ progress: @Sendable (Int64, Int64) async -> Void
    ) async throws -> RawScan {
        var calendar = calendar
        let today = calendar.day(of: now)
        return try await raw.withConsistentReader { [calendar] reader in
            var scan = RawScan(span, sources: sources, calendar: calendar, dimensions: dimensions)
            let windows = RawScan.windows(try await reader.progress(), upTo: cursors)
            let all = windows.reduce(0) { $0 + Int64($1.offsets.count) }
            try await scan.add(windows, reader) { await progress($0, all) }
            try scan.checkCompleteness(cursors, from: firstWholeDay(today: today))
            return scan
        }
    }
}

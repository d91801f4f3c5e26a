import Events
public import Stores

/// Cuts all days and weeks anew, in another time zone or by its changed rules, from the raw events.
///
/// One transaction: it takes everything away and folds in what the cursors have passed, in steps as passes do, so memory is
/// bounded and readers see the old numbers until the new ones are whole. Passes wait meanwhile.
public struct Recut: Sendable {
    /// What a recut came to.
    public struct Report: Sendable, Equatable {
        /// Raw events counted.
        public var events: Int64 = 0
        /// The first day that could be cut; earlier ones are gone. `nil` where no raw event was missing.
        public var firstDay: PeriodNumber?
    }

    /// Events folded into one step.
    private static let stepSize = 200_000

    private let basis: RecountBasis

    /// Cuts the rollups of a basis by its calendar.
    public init(_ basis: RecountBasis) { self.basis = basis }

    /// Cuts all days.
    /// - Parameters:
    ///   - droppingExpired: whether to go on where raw events have expired. Their days cannot be cut anew: the rows of
    ///     days and weeks that begin before retention reaches back are dropped.
    ///   - now: the clock, milliseconds since 1970.
    ///   - progress: told of the offsets passed and of all.
    /// - Throws: `RecountError` where raw events are gone and that was not allowed; a `StoreError`. Nothing has changed
    ///   then.
    public func run(
        droppingExpired: Bool, now: Int64, progress: @Sendable (Int64, Int64) async -> Void
    ) async throws -> Report {
        try await basis.rollups.withTransaction { transaction in
            let cursors = try await transaction.lockCursors()
            let folded = cursors.reduce(0) { $0 + $1.foldedStored }
            return try await basis.raw.withConsistentReader { reader in
                let windows = RawScan.windows(try await reader.progress(), upTo: cursors)
                var bounds = Bounds.all
                if droppingExpired, try await count(windows, reader) < folded { bounds = whole(at: now) }
                try await transaction.recut(
                    in: basis.calendar, intervalsFrom: bounds.interval, keeping: bounds.day != nil)
                let events = try await fold(windows, bounds, reader, transaction, progress)
                guard bounds.day != nil || events >= folded else {
                    throw RecountError.expired(before: whole(at: now).day ?? 0, missing: folded - events)
                }
                try await transaction.raiseRevision()
                return Report(events: events, firstDay: bounds.day)
            }
        }
    }

    /// From when on periods are whole.
    private struct Bounds: Sendable {
        /// `nil`: all are.
        var day: PeriodNumber?
        var interval: PeriodNumber?

        static let all = Bounds(day: nil, interval: nil)

        func contain(_ key: RollupKey) -> Bool {
            guard let day, let interval else { return true }
            return key.period >= (key.granularity == .interval ? interval : day)
        }
    }

    private func whole(at now: Int64) -> Bounds {
        var calendar = basis.calendar
        let day = basis.firstWholeDay(today: calendar.day(of: now))
        return Bounds(day: day, interval: RecountSpan(days: day...day).intervals(calendar).lowerBound + 1)
    }

    private func count(_ windows: [OffsetWindow], _ reader: any RawEventReader) async throws -> Int64 {
        var count: Int64 = 0
        for part in windows.flatMap({ $0.parts(of: AggregationPass.readSize) }) {
            count += Int64(try await reader.events(in: part).count)
        }
        return count
    }

    private func fold(
        _ windows: [OffsetWindow], _ bounds: Bounds, _ reader: any RawEventReader,
        _ transaction: any RollupTransaction, _ progress: @Sendable (Int64, Int64) async -> Void
    ) async throws -> Int64 {
        let merger = Merger(store: basis.rollups)
        let all = windows.reduce(0) { $0 + Int64($1.offsets.count) }
        var (fold, events, passed) = (emptyFold, Int64(0), Int64(0))
        for part in windows.flatMap({ $0.parts(of: AggregationPass.readSize) }) {
            fold.add(try await reader.events(in: part, metadata: basis.dimensions.metadata))
            passed += Int64(part.offsets.count)
            await progress(passed, all)
            guard fold.count >= Self.stepSize || passed == all else { continue }
            events += Int64(fold.count)
            try await merger.merge(fold, in: transaction, where: bounds.contain)
            fold = emptyFold
        }
        return events
    }

    private var emptyFold: Fold { Fold(calendar: basis.calendar, dimensions: basis.dimensions) }
}

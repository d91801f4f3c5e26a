import Bitmaps
import Events
import Stores

/// Makes the rows of days anew from the raw events, while passes go on.
///
/// The scan up to the cursors needs no lock. The last transaction locks them, reads what passes have folded meanwhile,
/// and replaces the rows; the cursors stay where they are.
public struct Rebuild: Sendable {
    /// What a rebuild came to.
    public struct Report: Sendable, Equatable {
        /// Rows written.
        public var rows = 0
        /// Raw events read.
        public var events: Int64 = 0
    }

    private let basis: RecountBasis

    /// Rebuilds the rollups of a basis.
    public init(_ basis: RecountBasis) { self.basis = basis }

    /// Rebuilds a span of days, with the weeks they lie in.
    /// - Parameters:
    ///   - sources: the sources; `nil`: all.
    ///   - now: the clock, milliseconds since 1970.
    ///   - progress: told of the offsets passed and of all.
    /// - Throws: `RecountError` where raw events are gone; a `StoreError`. Nothing has changed then.
    public func run(
        _ span: RecountSpan, sources: [String]?, now: Int64, progress: @Sendable (Int64, Int64) async -> Void
    ) async throws -> Report {
        let (state, cursors) = try await basis.rollups.withReader { reader in
            (try await reader.state(), try await reader.cursors())
        }
        try state.check(basis.calendar)
        let scan = try await basis.scan(span, sources, upTo: cursors, now: now, progress)
        return try await basis.rollups.withTransaction { transaction in
            let latest = try await transaction.lockCursors()
            try await transaction.state().check(state.forgotten)
            let whole = try await self.continue(scan, from: cursors, to: latest)
            for granularity in Granularity.allCases {
                try await transaction.remove(
                    granularity, periods: span.periods(granularity, basis.calendar), sources: sources)
            }
            let rows = try await write(whole, in: transaction)
            try await transaction.raiseRevision()
            return Report(rows: rows, events: whole.read)
        }
    }

    /// Adds what passes have folded since the scan.
    private func `continue`(
        _ scan: RawScan, from cursors: [RollupCursor], to latest: [RollupCursor]
    ) async throws -> RawScan {
        let passed = Dictionary(uniqueKeysWithValues: cursors.map { ($0.partition, $0.nextOffset) })
        return try await basis.raw.withConsistentReader { reader in
            var scan = scan
            let books = try await reader.progress()
            let windows = RawScan.windows(books, upTo: latest).compactMap { window -> OffsetWindow? in
                let start = max(window.offsets.lowerBound, passed[window.partition] ?? window.offsets.lowerBound)
                guard start < window.offsets.upperBound else { return nil }
                return OffsetWindow(partition: window.partition, offsets: start..<window.offsets.upperBound)
            }
            try await scan.add(windows, reader)
            return scan
        }
    }

    private func write(_ scan: RawScan, in transaction: any RollupTransaction) async throws -> Int {
        let numbers = try await VisitorNumbers.assign([scan.fold], in: transaction)
        let recorded = try await transaction.recordValues(scan.fold.values(), limit: Merger.maximumValues)
        var sets = FoldedSets()
        for numbers in numbers {
            sets.add(scan.fold.changes(recorded).filter { scan.isOfSpan($0.key) }, numbers)
        }
        try await transaction.add(
            sets.rows.sorted { $0.key < $1.key }.map { key, row in
                (key, RollupCounts(events: row.events, visitors: Int64(row.visitors.count)))
            })
        for (key, row) in sets.rows.sorted(by: { $0.key < $1.key }) {
            try await transaction.compact(key, chunks: row.visitors.chunks().mapValues { $0.serialized() })
        }
        return sets.rows.count
    }
}

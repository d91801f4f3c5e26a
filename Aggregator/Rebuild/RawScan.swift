import Events
public import Stores

/// Counts raw events of a span afresh.
struct RawScan: Sendable {
    private let span: RecountSpan
    private let sources: Set<String>?
    private var calendar: ReportingCalendar
    private let dimensions: Dimensions
    private let intervals: ClosedRange<PeriodNumber>
    /// The events of the span.
    private(set) var fold: Fold
    /// Events read, of any day and source.
    private(set) var read: Int64 = 0

    init(_ span: RecountSpan, sources: [String]?, calendar: ReportingCalendar, dimensions: Dimensions) {
        self.span = span
        self.sources = sources.map { Set($0) }
        self.calendar = calendar
        self.dimensions = dimensions
        intervals = span.intervals(calendar)
        fold = Fold(calendar: calendar, dimensions: dimensions)
    }

    /// Reads windows.
    /// - Parameter progress: told of the offsets passed, after every read.
    mutating func add(
        _ windows: [OffsetWindow], _ reader: any RawEventReader, progress: (Int64) async -> Void = { _ in }
    ) async throws {
        var passed: Int64 = 0
        for part in windows.flatMap({ $0.parts(of: AggregationPass.readSize) }) {
            let events = try await reader.events(in: part, metadata: dimensions.metadata)
            read += Int64(events.count)
            fold.add(events.filter { isMeant($0) })
            passed += Int64(part.offsets.count)
            await progress(passed)
        }
    }

    private mutating func isMeant(_ event: StoredEvent) -> Bool {
        guard sources?.contains(event.source) ?? true else { return false }
        return span.daysRead.contains(calendar.day(of: event.timestamp))
            || intervals.contains(calendar.interval(of: event.timestamp))
    }

    /// Whether a row is of the span's periods: events of neighbouring days were read for weeks and intervals.
    func isOfSpan(_ key: RollupKey) -> Bool {
        switch key.granularity {
        case .interval: intervals.contains(key.period)
        case .day: span.days.contains(key.period)
        case .week: span.weeks.contains(key.period)
        }
    }

    /// The windows that cursors have passed.
    static func windows(_ progress: [IngestProgress], upTo cursors: [RollupCursor]) -> [OffsetWindow] {
        let ends = Dictionary(uniqueKeysWithValues: cursors.map { ($0.partition, $0.nextOffset) })
        return progress.compactMap { book in
            guard let end = ends[book.partition], end > book.first else { return nil }
            return OffsetWindow(partition: book.partition, offsets: book.first..<end)
        }
    }

    /// Makes sure that no raw event of the days that were read can be missing.
    ///
    /// All events that were ever folded are there, or the days are so late that none of theirs has expired.
    func checkCompleteness(_ cursors: [RollupCursor], from earliest: PeriodNumber) throws {
        let folded = cursors.reduce(0) { $0 + $1.foldedStored }
        guard read < folded, span.daysRead.lowerBound < earliest else { return }
        throw RecountError.expired(before: earliest, missing: folded - read)
    }
}

/// Why a recount cannot be done.
public enum RecountError: Error, Equatable, CustomStringConvertible {
    /// Raw events of the days may have expired; days from `before` on can be recounted.
    case expired(before: PeriodNumber, missing: Int64)

    public var description: String {
        switch self {
        case .expired(let day, let missing):
            "raw events of these days (or of the weeks they lie in) may have expired: \(missing) of those once counted are "
                + "gone; days from \(CivilDate(dayNumber: day)) on can be recounted"
        }
    }
}

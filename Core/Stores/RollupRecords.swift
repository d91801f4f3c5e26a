/// The length of a rollup's period.
public enum Granularity: String, Sendable, CaseIterable {
    /// 15 minutes, UTC.
    case interval
    /// A calendar day in the reporting time zone.
    case day
    /// An ISO week, from Monday, in the reporting time zone.
    case week
}

/// A period's number, by its granularity: 15-minute intervals since 1970-01-01T00:00Z; days since 1970-01-01; the
/// week's Monday in days since 1970-01-01.
public typealias PeriodNumber = Int32

extension PeriodNumber {
    /// A day later than any event's; every store can hold it.
    public static let laterThanAny: PeriodNumber = 1_000_000
}

/// What a rollup row counts: a source, a period, a dimension and one of its values.
public struct RollupKey: Hashable, Sendable, Comparable {
    /// The source.
    public var source: String
    /// The length of the period.
    public var granularity: Granularity
    /// The period's number.
    public var period: PeriodNumber
    /// `all`, `event_type`, ….
    public var dimension: String
    /// The dimension's value; empty for `all`.
    public var value: String

    /// Names a rollup row.
    public init(
        source: String, granularity: Granularity, period: PeriodNumber, dimension: String, value: String
    ) {
        self.source = source
        self.granularity = granularity
        self.period = period
        self.dimension = dimension
        self.value = value
    }
}

/// Keys compare by the bytes of their texts, as the stores do. Swift takes texts for equal that are spelt with other
/// code points ("é" in one or in two): what counts as one row would then depend on which events met in one pass.
extension RollupKey {
    public static func == (left: RollupKey, right: RollupKey) -> Bool {
        left.period == right.period && left.granularity == right.granularity
            && left.value.utf8.elementsEqual(right.value.utf8)
            && left.dimension.utf8.elementsEqual(right.dimension.utf8)
            && left.source.utf8.elementsEqual(right.source.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(period)
        hasher.combine(granularity)
        for var text in [source, dimension, value] {
            hasher.combine(text.utf8.count)
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    public static func < (left: RollupKey, right: RollupKey) -> Bool {
        precedes(left.source, right.source) ?? precedes(left.granularity.rawValue, right.granularity.rawValue)
            ?? (left.period == right.period ? nil : left.period < right.period)
            ?? precedes(left.dimension, right.dimension) ?? precedes(left.value, right.value) ?? false
    }

    /// `nil` where both have the same bytes.
    private static func precedes(_ left: String, _ right: String) -> Bool? {
        left.utf8.elementsEqual(right.utf8) ? nil : left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

/// The name of the dimension that every event belongs to.
public let allDimension = "all"

/// The name of the dimension whose values are kinds of events.
public let eventTypeDimension = "event_type"

/// What a dimension's prefix is where it counts by a key of metadata: `metadata.plan`.
public let metadataDimensionPrefix = "metadata."

/// The value that stands for all those of a dimension that came when its week had as many as it may have.
public let otherValue = "(other)"

/// A dimension of a source in an ISO week: within it, the number of values is limited.
public struct DimensionWeek: Hashable, Sendable, Comparable {
    /// The source.
    public var source: String
    /// The dimension.
    public var dimension: String
    /// The week's Monday, in days since 1970-01-01.
    public var week: PeriodNumber

    /// Names a dimension's week.
    public init(source: String, dimension: String, week: PeriodNumber) {
        self.source = source
        self.dimension = dimension
        self.week = week
    }

    public static func < (left: DimensionWeek, right: DimensionWeek) -> Bool {
        (left.source, left.dimension, left.week) < (right.source, right.dimension, right.week)
    }
}

/// The numbers of one rollup row.
public struct RollupCounts: Sendable, Equatable {
    /// Events in the period.
    public var events: Int64
    /// Distinct (source, userId) among them.
    public var visitors: Int64

    /// Describes a row's numbers, or a change of them.
    public init(events: Int64, visitors: Int64) {
        self.events = events
        self.visitors = visitors
    }
}

/// How far one incarnation of one partition has been folded into the rollups.
public struct RollupCursor: Sendable, Equatable {
    /// The partition's incarnation.
    public var partition: PartitionEpoch
    /// The offset of the next record to fold.
    public var nextOffset: Int64
    /// How many stored events below it have been folded; compared with `IngestProgress.stored`.
    public var foldedStored: Int64

    /// Describes a cursor.
    public init(partition: PartitionEpoch, nextOffset: Int64, foldedStored: Int64) {
        self.partition = partition
        self.nextOffset = nextOffset
        self.foldedStored = foldedStored
    }
}

/// A visitor of a source.
public struct VisitorRecord: Sendable, Equatable {
    /// Dense within the source, from 0: the bit that stands for the visitor in every set of the source.
    public var number: UInt32
    /// The first day with an event, in days since 1970-01-01, reporting time zone.
    public var firstDay: PeriodNumber

    /// Describes a visitor.
    public init(number: UInt32, firstDay: PeriodNumber) {
        self.number = number
        self.firstDay = firstDay
    }
}

/// How many visitors of a source were first seen on a day.
public struct NewVisitors: Sendable, Equatable {
    /// The source.
    public var source: String
    /// The day, in days since 1970-01-01, reporting time zone.
    public var day: PeriodNumber
    /// Those whose first day it is.
    public var visitors: Int64

    /// Describes a day.
    public init(source: String, day: PeriodNumber, visitors: Int64) {
        (self.source, self.day, self.visitors) = (source, day, visitors)
    }
}

/// A set of visitor numbers as it is stored: opaque bytes to the store, Roaring's portable format to the roles.
///
/// The set is the union of all chunks and all deltas. A chunk holds the numbers whose high 16 bits are its key (as
/// full 32-bit numbers), so that compaction rewrites only what changed; a delta holds the visitors that one pass
/// added, and is disjoint from all the rest.
public struct StoredSet: Sendable, Equatable {
    /// The base, by the high 16 bits.
    public var chunks: [UInt16: [UInt8]]
    /// What was added since, oldest first.
    public var deltas: [[UInt8]]

    /// Describes a set; empty by default.
    public init(chunks: [UInt16: [UInt8]] = [:], deltas: [[UInt8]] = []) {
        self.chunks = chunks
        self.deltas = deltas
    }
}

extension RollupState {
    /// Throws `.invalidConfiguration` where days are cut otherwise than by a calendar: they would never add up.
    public func check(_ calendar: ReportingCalendar) throws {
        guard timeZone == calendar.identifier else {
            throw mismatch(
                "REPORTING_TIMEZONE is \(calendar.identifier), but the rollups are cut in \(timeZone)", calendar)
        }
        guard zoneRules == nil || zoneRules == calendar.rules else {
            throw mismatch(
                "the rules of \(timeZone) in tzdata \(ReportingCalendar.release) are not those that the rollups are cut by",
                calendar)
        }
    }

    private func mismatch(_ what: String, _ calendar: ReportingCalendar) -> DatabaseError {
        DatabaseError(
            .invalidConfiguration, store: "rollups",
            "\(what): run 'tributary rebuild --timezone \(calendar.identifier)' first")
    }
}

/// What is known of the rollups as a whole.
public struct RollupState: Sendable, Equatable {
    /// The IANA name of the time zone that days and weeks are cut in.
    public var timeZone: String
    /// By which offsets: `ReportingCalendar.rules` as they were then; `nil` where that is not known.
    public var zoneRules: String?
    /// Everything received before this time has been folded: milliseconds since 1970; `nil` before the first time.
    public var completeThrough: Int64?
    /// Grows with every transaction that changes a number.
    public var revision: Int64
    /// How many users have been forgotten: what was read of raw events before the last of them may name them.
    public var forgotten: Int64

    /// Describes the state.
    public init(
        timeZone: String, zoneRules: String? = nil, completeThrough: Int64?, revision: Int64, forgotten: Int64 = 0
    ) {
        self.zoneRules = zoneRules
        self.forgotten = forgotten
        self.timeZone = timeZone
        self.completeThrough = completeThrough
        self.revision = revision
    }
}

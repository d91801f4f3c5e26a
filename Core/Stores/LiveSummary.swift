/// What one worker stored of one partition in one second: a record of `user-events.live`, as JSON.
///
/// A view, and no part of the books: a summary may be missing, and a redelivery may show twice. The users of different
/// partitions are different ones, so that the latest summaries of all partitions add up, visitors too.
public struct LiveSummary: Codable, Sendable, Equatable {
    /// Sources with an entry of their own, at most; those that came later share `other`.
    public static let maximumSources = 100
    /// Event types with a number of their own, at most, by source and second; the rest share `other`.
    public static let maximumEventTypes = 50
    /// The name that the rest goes by; no source and no event type may be called so.
    public static let other = "(other)"
    /// How far back visitors are counted: milliseconds.
    public static let visitorWindow: Int64 = 300_000

    /// The beginning of the second in which the events were stored: milliseconds since 1970, UTC.
    public var at: Int64
    /// The incarnation of the partition.
    public var epoch: Int32
    /// The partition.
    public var partition: Int32
    /// From when on visitors are known, milliseconds since 1970, UTC: later than `visitorWindow` before the end of the
    /// second where this worker was given the partition since then.
    public var visitorsSince: Int64
    /// What happened, by source. Sources without events in this second and without visitors are absent.
    public var sources: [String: Source]

    /// Describes a second.
    public init(at: Int64, epoch: Int32, partition: Int32, visitorsSince: Int64, sources: [String: Source]) {
        (self.at, self.epoch, self.partition) = (at, epoch, partition)
        (self.visitorsSince, self.sources) = (visitorsSince, sources)
    }

    /// One source's share.
    public struct Source: Codable, Sendable, Equatable {
        /// Events stored in this second, by type. Duplicates and dead letters are not among them.
        public var events: [String: Int]
        /// Distinct users of events received in the `visitorWindow` that ends with this second.
        public var visitors: Int
        /// `false` where the worker had no room for more visitors: then there were more.
        public var areVisitorsExact: Bool
        /// From receipt to storage, of the events of this second.
        public var latency: LatencyHistogram

        /// Describes a share; without arguments an empty one.
        public init(
            events: [String: Int] = [:], visitors: Int = 0, areVisitorsExact: Bool = true,
            latency: LatencyHistogram = LatencyHistogram()
        ) {
            (self.events, self.visitors) = (events, visitors)
            (self.areVisitorsExact, self.latency) = (areVisitorsExact, latency)
        }

        /// Adds the share that the same source has in another partition.
        public static func += (left: inout Source, right: Source) {
            left.events.merge(right.events, uniquingKeysWith: +)
            left.visitors += right.visitors
            left.areVisitorsExact = left.areVisitorsExact && right.areVisitorsExact
            left.latency += right.latency
        }
    }
}

/// How long events took, counted in buckets that are the same everywhere and for ever, so that histograms add up. In
/// JSON an array of counts.
public struct LatencyHistogram: Codable, Sendable, Equatable {
    /// The buckets' upper bounds in milliseconds, inclusive; a last bucket has none.
    public static let bounds: [Int64] = [
        5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 3_600_000,
    ]

    /// How many events each bucket has: one more than `bounds`.
    public private(set) var counts: [Int]

    /// No events.
    public init() { counts = [Int](repeating: 0, count: Self.bounds.count + 1) }

    /// Reads an array of counts; of another length, they are by other bounds and refused.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        counts = try container.decode([Int].self)
        guard counts.count == Self.bounds.count + 1 else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a histogram has \(Self.bounds.count + 1) counts, not \(counts.count)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(counts)
    }

    /// The number of events.
    public var total: Int { counts.reduce(0, +) }

    /// Counts an event that took so many milliseconds. Less than none, by clocks that disagree, is none.
    public mutating func count(_ milliseconds: Int64) {
        counts[Self.bounds.firstIndex { milliseconds <= $0 } ?? Self.bounds.count] += 1
    }

    /// Adds another histogram.
    public static func += (left: inout LatencyHistogram, right: LatencyHistogram) {
        for bucket in left.counts.indices { left.counts[bucket] += right.counts[bucket] }
    }

    /// A bound that at least this part (0…1) of the events kept, in milliseconds; `nil` without events, and where only
    /// the last bucket has that many.
    public func bound(ofQuantile part: Double) -> Int64? {
        let wanted = max(1, Int((Double(total) * part).rounded(.up)))
        var sum = 0
        for (bound, count) in zip(Self.bounds, counts) {
            sum += count
            if sum >= wanted { return bound }
        }
        return nil
    }
}

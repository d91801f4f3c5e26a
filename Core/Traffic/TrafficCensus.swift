internal import Events

/// Counts what a generator has made: the exact numbers that a pipeline must come to, by days and weeks of UTC.
///
/// Memory grows with days and visitors: a bit for each of both.
public struct TrafficCensus: Sendable, Encodable {
    /// Events, and different visitors.
    public struct Count: Sendable, Equatable, Encodable {
        /// Events, each once.
        public private(set) var events: Int64 = 0
        /// Different visitors.
        public private(set) var visitors: Int64 = 0
        private var seen: [UInt64] = []

        mutating func add(_ visitor: Int) {
            events += 1
            let (word, bit) = (visitor / 64, UInt64(1) << UInt64(visitor % 64))
            while seen.count <= word { seen.append(0) }
            if seen[word] & bit == 0 { visitors += 1 }
            seen[word] |= bit
        }

        public func encode(to encoder: any Encoder) throws {
            var values = encoder.unkeyedContainer()
            try values.encode(events)
            try values.encode(visitors)
        }
    }

    /// By day, then by the week's Monday, as `YYYY-MM-DD`; then everything.
    public private(set) var days: [String: Count] = [:]
    /// By the Monday of the ISO week.
    public private(set) var weeks: [String: Count] = [:]
    /// Of all events.
    public private(set) var total = Count()
    /// Events that were sent again; they count nowhere else.
    public private(set) var duplicates: Int64 = 0

    /// A census of nothing.
    public init() {}

    /// Counts an event.
    public mutating func add(_ event: TrafficEvent) {
        guard event.delivery != .duplicate else {
            duplicates += 1
            return
        }
        let day = Int32(clamping: floorDivide(event.time, by: 86_400_000).quotient)
        days[CivilDate(dayNumber: day).description, default: Count()].add(event.visitor)
        weeks[CivilDate(dayNumber: CivilDate.monday(of: day)).description, default: Count()].add(event.visitor)
        total.add(event.visitor)
    }
}

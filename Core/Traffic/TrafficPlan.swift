/// What traffic to make: the same plan gives the same events, byte for byte.
public struct TrafficPlan: Sendable, Equatable {
    /// When events happen.
    public enum Span: Sendable, Equatable {
        /// Between two times, milliseconds since 1970, the second excluded; about so many events in all, by the
        /// rhythm of days and weeks.
        case history(from: Int64, to: Int64, events: Int)
        /// From a time on without end and without rhythm, at about so many events a second.
        case live(from: Int64, eventsPerSecond: Double)
    }

    /// How events are named.
    public enum IDs: String, Sendable, CaseIterable {
        /// UUIDv7: they sort by the event's time.
        case ordered
        /// UUIDv4: without any order, the hardest case for an index.
        case random
    }

    /// When events happen.
    public var span: Span
    /// What all else is drawn from.
    public var seed: UInt64 = 1
    /// How many people visit: at most so many in a history; those of little habit may not come at all.
    public var users = 10_000
    /// The share of events that arrive long after they happened, 0 to 1.
    public var lateShare = 0.01
    /// The share of events that are sent once more, 0 to 1.
    public var duplicateShare = 0.01
    /// How events are named.
    public var ids = IDs.ordered
    /// Whether events say which address they came from: for a collector that believes it. `MadeUpAddress` tells the
    /// countries.
    public var hasAddresses = false

    /// A plan with the usual shares.
    public init(_ span: Span) { self.span = span }

    /// Changes whenever the generator makes other events of the same plan: an event's id tells its content.
    private static let generation: UInt64 = 1

    /// Differs between plans: what events are named after.
    var fingerprint: UInt64 {
        var parts = [Self.generation, seed, UInt64(users), lateShare.bitPattern, duplicateShare.bitPattern]
        switch span {
        case .history(let from, let to, let events):
            parts += [1, UInt64(bitPattern: from), UInt64(bitPattern: to), UInt64(events)]
        case .live(let from, let rate): parts += [2, UInt64(bitPattern: from), rate.bitPattern]
        }
        if hasAddresses { parts.append(3) }
        return parts.reduce(0) { SplitMix64.mixed($0 ^ $1) }
    }
}

/// An event that the generator has written.
public struct TrafficEvent: Sendable, Equatable {
    /// Why it is sent now.
    public enum Delivery: Sendable {
        /// As it happens.
        case prompt
        /// Long after it happened, for the first time.
        case late
        /// Once more, with the same bytes.
        case duplicate
    }

    /// When it happened: milliseconds since 1970, as its `timestamp` says.
    public var time: Int64
    /// Who: dense numbers, one for each `userId`.
    public var visitor: Int
    /// Why it is sent now.
    public var delivery: Delivery
}

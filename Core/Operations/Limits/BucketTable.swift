import Metrics
import Synchronization

/// A bucket for each of very many names, in memory that never grows.
///
/// Names share sets of eight slots. One that finds no slot takes over the fullest bucket of its set, and that
/// bucket's state with it. A bucket that is full again says nothing, so taking it over loses nothing. Where all are
/// in use the newcomer is held to more than its own takings, never to less: whoever drives a name out and comes back
/// with it finds every bucket of the set at least as empty as the one it left. So no name ever gets more than a table
/// of unlimited size would give it.
public final class BucketTable: Sendable {
    /// The names of a table's metrics.
    public struct Labels: Sendable {
        let entries: String
        let displaced: String

        /// - Parameters:
        ///   - entries: slots that have been used.
        ///   - displaced: buckets taken over by another name before they were full again.
        public init(entries: String, displaced: String) { (self.entries, self.displaced) = (entries, displaced) }
    }

    /// What came of a taking.
    public struct Outcome: Sendable, Equatable {
        /// How many tokens were taken.
        public var taken: Int
        /// The bucket afterwards.
        public var bucket: TokenBucket
    }

    private struct Slot {
        /// 0 for a slot that was never used.
        var tag: UInt64 = 0
        var bucket = TokenBucket()
    }

    /// Locked for itself, so that tasks seldom wait for each other.
    private final class Shard: Sendable {
        let slots: Mutex<[Slot]>
        init(slots count: Int) { slots = Mutex(Array(repeating: Slot(), count: count)) }
    }

    private static let ways = 8
    private static let shardBits: UInt64 = 6

    /// The rule of every bucket.
    public let rule: BucketRule
    private let shards: [Shard]
    private let setsPerShard: Int
    private let entries: Meter
    private let displaced: Counter

    /// Makes room for at least `capacity` names.
    /// - Parameters:
    ///   - name: the metrics' label `limit`.
    ///   - metrics: their names.
    public init(_ name: String, capacity: Int, rule: BucketRule, metrics: Labels) {
        self.rule = rule
        let shardCount = 1 << Int(Self.shardBits)
        let sets = max(1, (capacity + shardCount * Self.ways - 1) / (shardCount * Self.ways))
        setsPerShard = sets
        shards = (0..<shardCount).map { _ in Shard(slots: sets * Self.ways) }
        let labels = [("limit", name)]
        entries = Meter(label: metrics.entries, dimensions: labels)
        displaced = Counter(label: metrics.displaced, dimensions: labels)
    }

    /// How many names have room.
    var capacity: Int { shards.count * setsPerShard * Self.ways }

    /// Takes as many tokens of a name as are there, at most `count`.
    /// - Parameter hash: the name's; seeded, or else clients could choose whom they share a set with.
    public func take(_ hash: Int, upTo count: Int, at now: Int64) -> Outcome {
        let hash = UInt64(bitPattern: Int64(hash))
        let shard = shards[Int(hash & ((1 << Self.shardBits) - 1))]
        let first = Int((hash >> Self.shardBits) % UInt64(setsPerShard)) * Self.ways
        let tag = max(1, hash)
        let (outcome, previous) = shard.slots.withLock { slots in
            let place = Self.place(of: tag, in: slots, from: first)
            let previous = slots[place]
            var bucket = previous.bucket
            let taken = bucket.take(upTo: count, at: now, by: rule)
            // Who gets nothing leaves no trace, and so drives nobody out.
            if taken > 0 { slots[place] = Slot(tag: tag, bucket: bucket) }
            return (Outcome(taken: taken, bucket: bucket), previous)
        }
        guard previous.tag != tag, outcome.taken > 0 else { return outcome }
        if previous.tag == 0 {
            entries.increment()
        } else if previous.bucket.fullAt > now {
            displaced.increment()
        }
        return outcome
    }

    /// The name's own slot, else the one with the fullest bucket.
    private static func place(of tag: UInt64, in slots: [Slot], from first: Int) -> Int {
        var fullest = first
        for place in first..<first + ways {
            if slots[place].tag == tag { return place }
            if slots[place].bucket.fullAt < slots[fullest].bucket.fullAt { fullest = place }
        }
        return fullest
    }
}

/// Where an event sits: a log's incarnation, a partition of it and an offset in that.
///
/// Offsets alone do not name an event: a recreated log starts again at 0, in a new epoch.
public struct Position: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The incarnation of the partition, counted from 1.
    public var epoch: Int32
    /// The partition, counted from 0.
    public var partition: Int32
    /// The offset within the partition, counted from 0.
    public var offset: Int64

    /// Names one place in the log.
    public init(epoch: Int32, partition: Int32, offset: Int64) {
        self.epoch = epoch
        self.partition = partition
        self.offset = offset
    }

    /// `epoch/partition/offset`, the `_id` of a dead letter.
    public var description: String { "\(epoch)/\(partition)/\(offset)" }

    public static func < (left: Position, right: Position) -> Bool {
        (left.epoch, left.partition, left.offset) < (right.epoch, right.partition, right.offset)
    }
}

/// One incarnation of one partition: what progress and cursors are kept for.
public struct PartitionEpoch: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The incarnation of the partition, counted from 1.
    public var epoch: Int32
    /// The partition, counted from 0.
    public var partition: Int32

    /// Names one incarnation of one partition.
    public init(epoch: Int32, partition: Int32) {
        self.epoch = epoch
        self.partition = partition
    }

    /// `epoch/partition`, the `_id` of a progress document.
    public var description: String { "\(epoch)/\(partition)" }

    public static func < (left: PartitionEpoch, right: PartitionEpoch) -> Bool {
        (left.epoch, left.partition) < (right.epoch, right.partition)
    }
}

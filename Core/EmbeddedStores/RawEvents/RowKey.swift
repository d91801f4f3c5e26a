import Stores

/// A position as the integer that raw rows are keyed by, so that a partition's rows lie together and in order:
/// 10 bits of epoch, 13 of partition, 40 of offset.
enum RowKey {
    static let maximumEpoch: Int32 = 1 << 10 - 1
    static let maximumPartition: Int32 = 1 << 13 - 1
    static let maximumOffset: Int64 = 1 << 40 - 1

    /// The key of a position.
    /// - Throws: `.refusedValue` for a position that is out of bounds.
    static func key(_ position: Position) throws -> Int64 {
        guard (0...maximumEpoch).contains(position.epoch), (0...maximumPartition).contains(position.partition),
            (0...maximumOffset).contains(position.offset)
        else {
            throw DatabaseError(.refusedValue, store: "embedded", "position \(position) is beyond what a key can hold")
        }
        return Int64(position.epoch) << 53 | Int64(position.partition) << 40 | position.offset
    }

    static func position(_ key: Int64) -> Position {
        Position(
            epoch: Int32(key >> 53), partition: Int32(key >> 40 & Int64(maximumPartition)), offset: key & maximumOffset)
    }

    /// The keys of a window, whose upper bound may lie beyond what a key can hold.
    static func keys(_ window: OffsetWindow) throws -> Range<Int64> {
        func bound(_ offset: Int64) throws -> Int64 {
            try key(
                Position(
                    epoch: window.partition.epoch, partition: window.partition.partition,
                    offset: min(offset, maximumOffset)))
        }
        return try bound(window.offsets.lowerBound)..<bound(window.offsets.upperBound)
    }
}

import GRDB
import Stores

/// Positions as the integers that raw rows are keyed by, so that a partition's rows lie together and in order.
///
/// An epoch, a partition and an offset are 128 bits; a key has 63. A stretch stands for one incarnation of a partition
/// and the upper 23 bits of its offsets: a key is the stretch's number and the offset's lower 40 bits. There are as many
/// stretches as incarnations of partitions, unless one partition holds 10¹² records.
final class Stretches {
    /// The bits of an offset in a key.
    static let bits: Int64 = 40
    static let mask: Int64 = 1 << bits - 1
    private static let maximumNumber: Int64 = 1 << 23 - 1

    private struct Place: Hashable {
        var partition: PartitionEpoch
        var upper: Int64
    }

    private var numbers: [Place: Int64] = [:]
    private var places: [Int64: Place] = [:]
    /// Asked for last: events come by partition.
    private var latest: (place: Place, number: Int64)?

    /// Reads all stretches.
    init(_ db: Database) throws { try load(db) }

    /// Reads all stretches again, after a rollback.
    func load(_ db: Database) throws {
        (numbers, places, latest) = ([:], [:], nil)
        for row in try Row.fetchAll(db, sql: "SELECT number, epoch, partition, upper FROM stretch") {
            note(Place(partition: PartitionEpoch(epoch: row[1], partition: row[2]), upper: row[3]), row[0])
        }
    }

    private func note(_ place: Place, _ number: Int64) {
        numbers[place] = number
        places[number] = place
    }

    /// The key of a position; a new stretch is made within the transaction under way.
    func key(_ db: Database, _ position: Position) throws -> Int64 {
        let place = Place(
            partition: PartitionEpoch(epoch: position.epoch, partition: position.partition),
            upper: position.offset >> Self.bits)
        let number = try latest?.place == place ? latest!.number : numbers[place] ?? make(db, place)
        latest = (place, number)
        return number << Self.bits | position.offset & Self.mask
    }

    /// The keys of every stretch below a bound: those of offsets that a partition has below it.
    func keys(below bounds: [PartitionEpoch: Int64]) -> [Range<Int64>] {
        places.compactMap { number, place in
            guard let bound = bounds[place.partition], bound >> Self.bits >= place.upper else { return nil }
            let first = number << Self.bits
            let isWhole = bound >> Self.bits > place.upper
            return first..<(isWhole ? first + Self.mask + 1 : first + bound & Self.mask)
        }.filter { !$0.isEmpty }
    }

    private func make(_ db: Database, _ place: Place) throws -> Int64 {
        try db.execute(
            sql: "INSERT INTO stretch (epoch, partition, upper) VALUES (?, ?, ?)",
            arguments: [place.partition.epoch, place.partition.partition, place.upper])
        let number = db.lastInsertedRowID
        guard number <= Self.maximumNumber else {
            throw Stores.DatabaseError(.other, store: "embedded", "there are too many incarnations of partitions")
        }
        note(place, number)
        return number
    }

    /// The position of a key.
    func position(_ key: Int64) -> Position {
        // Every key was made from a stretch, in the same transaction or an earlier one.
        let place = places[key >> Self.bits]!
        return Position(
            epoch: place.partition.epoch, partition: place.partition.partition,
            offset: place.upper << Self.bits | key & Self.mask)
    }

    /// The keys of a window, in order of offset, with what is to be added to a key for its offset.
    static func ranges(_ db: Database, _ window: OffsetWindow) throws -> [(keys: ClosedRange<Int64>, toOffset: Int64)] {
        guard !window.offsets.isEmpty else { return [] }
        let (first, last) = (window.offsets.lowerBound, window.offsets.upperBound - 1)
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT number, upper FROM stretch
                WHERE epoch = ? AND partition = ? AND upper BETWEEN ? AND ? ORDER BY upper
                """,
            arguments: [window.partition.epoch, window.partition.partition, first >> bits, last >> bits])
        return rows.map { row in
            let (number, upper): (Int64, Int64) = (row[0], row[1])
            let (keyBase, offsetBase) = (number << bits, upper << bits)
            let (low, high) = (max(first, offsetBase), min(last, offsetBase | mask))
            return (keyBase | low & mask...keyBase | high & mask, offsetBase - keyBase)
        }
    }
}

import Stores

/// How far one incarnation of one partition is, and its books. What is not known is `nil`.
struct PartitionBooks: Encodable, Sendable, Equatable {
    let partition: Int32
    /// The incarnation; `nil` before any worker has had the partition.
    var epoch: Int32?
    /// The offset of the first record that the log keeps; of an earlier incarnation it keeps none.
    var logStart: Int64?
    /// The offset that the next record will get.
    var logEnd: Int64?
    /// The offset that the workers' group has committed: the mirror of `next`.
    var committed: Int64?
    /// The offset at which the books begin.
    var first: Int64?
    /// The offset of the next record to process.
    var next: Int64?
    /// The offset up to which stored events are in the numbers.
    var folded: Int64?
    var stored: Int64?
    var duplicate: Int64?
    var dead: Int64?
    var lost: Int64?
    var gaps: Int64?
    /// Records that wait for a worker.
    var lag: Int64?
    /// Stored events that wait to be in the numbers.
    var unfolded: Int64?
    /// Seconds until the log drops a record that no worker has had, if none goes on; `nil` where none waits, or where
    /// the log keeps it.
    var timeToDataLoss: Int64?
    /// Whether `next - first` is what the other numbers say.
    var balanced: Bool?

    init(partition: Int32) { self.partition = partition }

    /// The rows of all partitions: of each the latest incarnation, then the earlier ones.
    static func rows(
        _ extents: [Int32: Watermarks]?, _ committed: [Int32: Int64], _ progress: [IngestProgress]?,
        _ cursors: [RollupCursor]?
    ) -> [PartitionBooks] {
        let books = Dictionary((progress ?? []).map { ($0.partition, $0) }) { $1 }
        let folded = Dictionary((cursors ?? []).map { ($0.partition, $0) }) { $1 }
        let known = Set(books.keys).union(folded.keys)
        let latest = Dictionary(known.map { ($0.partition, $0.epoch) }, uniquingKeysWith: max)
        let unread = (extents ?? [:]).keys.filter { latest[$0] == nil }.map { PartitionBooks(partition: $0) }
        let rows =
            unread
            + known.map { PartitionBooks(of: $0, books[$0], folded[$0], isFoldingKnown: cursors != nil) }
        return rows.map { row in
            row.epoch == latest[row.partition] ? row.placed(in: extents?[row.partition], committed[row.partition]) : row
        }.sorted { ($0.partition, -($0.epoch ?? 0)) < ($1.partition, -($1.epoch ?? 0)) }
    }

    private init(
        of incarnation: PartitionEpoch, _ books: IngestProgress?, _ cursor: RollupCursor?, isFoldingKnown: Bool
    ) {
        (partition, epoch, folded) = (incarnation.partition, incarnation.epoch, cursor?.nextOffset)
        guard let books else { return }
        (first, next, stored, duplicate) = (books.first, books.next, books.stored, books.duplicate)
        (dead, lost, gaps, balanced) = (books.dead, books.lost, books.gaps, books.isBalanced)
        if isFoldingKnown { unfolded = max(0, books.stored - (cursor?.foldedStored ?? 0)) }
    }

    private func placed(in extent: Watermarks?, _ committed: Int64?) -> PartitionBooks {
        var row = self
        row.committed = committed
        guard let extent else { return row }
        (row.logStart, row.logEnd) = (extent.low, extent.high)
        if next != nil || epoch == nil { row.lag = max(0, extent.high - (next ?? extent.low)) }
        return row
    }

    private enum CodingKeys: String, CodingKey {
        case partition, epoch, logStart, logEnd, committed, first, next, folded, stored, duplicate, dead, lost, gaps
        case lag, unfolded, timeToDataLoss, balanced
    }

    /// Every member is there: `null` says that it is not known.
    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(partition, forKey: .partition)
        try members.encode(epoch, forKey: .epoch)
        try members.encode(balanced, forKey: .balanced)
        let numbers: [(CodingKeys, Int64?)] = [
            (.logStart, logStart), (.logEnd, logEnd), (.committed, committed), (.first, first), (.next, next),
            (.folded, folded), (.stored, stored), (.duplicate, duplicate), (.dead, dead), (.lost, lost), (.gaps, gaps),
            (.lag, lag), (.unfolded, unfolded), (.timeToDataLoss, timeToDataLoss),
        ]
        for (name, number) in numbers { try members.encode(number, forKey: name) }
    }
}

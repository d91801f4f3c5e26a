import Stores

/// How far behind the log a partition is. Pure.
struct PartitionLag: Equatable {
    /// The partition.
    var partition: Int32
    /// Records that the log holds and the worker has not processed.
    var records: Int64
    /// The time since the oldest of them was received, in milliseconds; 0 where there is none, `nil` where it is not
    /// known.
    var age: Int64?
    /// How long the log still keeps that record, in milliseconds, less than 0 where only luck has kept it; the whole
    /// retention where there is none. `nil`: for ever, or not known.
    var timeToLoss: Int64?

    /// Compares.
    /// - Parameters:
    ///   - oldest: the time of the oldest record not processed; `nil` where there is none or it could not be read.
    ///   - retention: how long records are kept, in milliseconds; `nil` for ever.
    ///   - now: milliseconds since 1970.
    init(_ progress: IngestProgress, _ extent: Watermarks, oldest: Int64?, retention: Int64?, now: Int64) {
        partition = progress.partition.partition
        records = max(0, extent.high - max(progress.next, extent.low))
        age = records == 0 ? 0 : oldest.map { max(0, now - $0) }
        timeToLoss = retention.flatMap { retention in age.map { retention - $0 } }
    }

    /// Where the oldest record not processed lies; `nil` where there is none.
    static func oldest(_ progress: IngestProgress, _ extent: Watermarks) -> LogOffset? {
        let offset = max(progress.next, extent.low)
        return offset < extent.high ? LogOffset(partition: progress.partition.partition, offset: offset) : nil
    }
}

import Events
import Stores

/// Enters outcomes into the books of a partition. Pure.
struct Bookkeeping {
    /// The progress after these records.
    /// - Parameters:
    ///   - slice: records at or above `progress.next`, in order.
    ///   - outcomes: one for each of them.
    ///   - token: names this batch, so that a repeated compare-and-set recognises its own success.
    static func enter(
        _ outcomes: [Outcome], of slice: RecordSlice, into progress: IngestProgress, token: String
    ) -> IngestProgress {
        var books = progress
        for (index, outcome) in zip(slice.indices, outcomes) {
            let offset = slice.offset(at: index)
            books.gaps += offset - books.next
            books.next = offset + 1
            switch outcome {
            case .stored: books.stored += 1
            case .duplicate: books.duplicate += 1
            case .dead: books.dead += 1
            }
        }
        if let last = slice.indices.last { books.lastHash = recordHash(last, of: slice.batch) }
        books.batch = token
        return books
    }

    /// The digest by which a record is recognised when its offset is met again.
    static func recordHash(_ index: Int, of batch: RecordBatch) -> Digest128 {
        .record(
            key: batch.key(at: index) ?? [], value: batch.value(at: index),
            timestamp: batch.records[index].timestamp)
    }
}

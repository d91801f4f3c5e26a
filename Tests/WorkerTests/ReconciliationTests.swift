import Events
import Stores
import Testing

@testable import Worker

/// Comparing a partition's log with its progress: all cases.
struct ReconciliationTests {
    private static let known = Digest128(high: 1, low: 1)
    private static let other = Digest128(high: 2, low: 2)

    private func progress(next: Int64, lastHash: Digest128?) -> IngestProgress {
        var progress = IngestProgress(partition: PartitionEpoch(epoch: 1, partition: 0), first: 0)
        (progress.next, progress.lastHash) = (next, lastHash)
        return progress
    }

    @Test(arguments: [0...0, 0...9, 7...9, 7...7] as [ClosedRange<Int64>])
    func aPartitionNeverSeenBeginsAtTheLogsStart(log: ClosedRange<Int64>) {
        let extent = Watermarks(low: log.lowerBound, high: log.upperBound)
        #expect(Reconciliation.compare(nil, extent, last: nil) == .begin(first: log.lowerBound))
        #expect(Reconciliation.compare(nil, extent, last: Self.known) == .begin(first: log.lowerBound))
    }

    /// Progress at 10, and what the log then says.
    @Test(
        arguments: [
            // The log goes on where the progress stands.
            (0, 10, known, known, .proceed), (0, 20, known, known, .proceed), (9, 10, known, known, .proceed),
            // The record at 9 has expired, but not the one at 10.
            (10, 20, known, nil, .proceed), (10, 10, known, nil, .proceed),
            // Nothing is known to compare with: after a start, or a loss.
            (0, 20, nil, other, .proceed), (0, 20, nil, nil, .proceed), (10, 10, nil, nil, .proceed),
            // The log ends before the progress.
            (0, 9, known, nil, .recreated(first: 0)), (0, 0, known, nil, .recreated(first: 0)),
            (3, 9, known, known, .recreated(first: 3)), (0, 9, nil, nil, .recreated(first: 0)),
            // Another record stands where the last one was.
            (0, 10, known, other, .recreated(first: 0)), (4, 20, known, other, .recreated(first: 4)),
            // The log begins after the progress.
            (11, 20, known, nil, .lost(upTo: 11)), (20, 20, known, nil, .lost(upTo: 20)),
            (11, 11, nil, nil, .lost(upTo: 11)),
        ] as [(Int64, Int64, Digest128?, Digest128?, Reconciliation)])
    private func progressAtTen(
        low: Int64, high: Int64, lastHash: Digest128?, last: Digest128?, expected: Reconciliation
    ) {
        let progress = progress(next: 10, lastHash: lastHash)
        #expect(Reconciliation.compare(progress, Watermarks(low: low, high: high), last: last) == expected)
    }

    @Test func anEmptyEpochProceeds() {
        let log = Watermarks(low: 0, high: 0)
        #expect(Reconciliation.compare(progress(next: 0, lastHash: nil), log, last: nil) == .proceed)
    }
}

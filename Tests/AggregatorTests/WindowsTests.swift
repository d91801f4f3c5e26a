import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

struct WindowsTests {
    private func progress(
        _ partition: Int32, epoch: Int32 = 1, first: Int64 = 0, next: Int64, stored: Int64
    ) -> IngestProgress {
        var progress = IngestProgress(partition: PartitionEpoch(epoch: epoch, partition: partition), first: first)
        (progress.next, progress.stored) = (next, stored)
        return progress
    }

    private func cursor(_ partition: Int32, epoch: Int32 = 1, _ next: Int64, _ stored: Int64) -> RollupCursor {
        RollupCursor(
            partition: PartitionEpoch(epoch: epoch, partition: partition), nextOffset: next, foldedStored: stored)
    }

    @Test func aPartitionNeverFoldedBeginsAtItsFirstOffset() throws {
        let pass = try #require(PartitionPass.plan([progress(3, first: 40, next: 50, stored: 7)], []).first)
        #expect(pass.from == nil)
        #expect(pass.to == cursor(3, 50, 7))
        #expect(pass.window.offsets == 40..<50)
        #expect(pass.window.partition == PartitionEpoch(epoch: 1, partition: 3))
        #expect(pass.expectedEvents == 7)
    }

    @Test func othersGoOnAtTheirCursor() throws {
        let pass = try #require(PartitionPass.plan([progress(0, next: 50, stored: 30)], [cursor(0, 20, 12)]).first)
        #expect(pass.from == cursor(0, 20, 12))
        #expect(pass.window.offsets == 20..<50)
        #expect(pass.expectedEvents == 18)
    }

    @Test func whatHasBeenFoldedIsLeftAlone() {
        let progress = [
            progress(0, next: 50, stored: 30), progress(1, first: 9, next: 9, stored: 0),
            progress(2, epoch: 2, next: 4, stored: 4),
        ]
        #expect(PartitionPass.plan(progress, [cursor(0, 50, 30)]).map(\.to) == [cursor(2, epoch: 2, 4, 4)])
        #expect(PartitionPass.plan(progress, [cursor(0, 50, 30), cursor(2, epoch: 2, 4, 4)]).isEmpty)
        #expect(PartitionPass.plan([], [cursor(0, 50, 30)]).isEmpty)
    }

    /// Epochs of a partition are folded side by side: an old one's last events are not forgotten.
    @Test func epochsAreTheirOwn() {
        let passes = PartitionPass.plan(
            [progress(0, next: 50, stored: 30), progress(0, epoch: 2, next: 10, stored: 10)], [cursor(0, 45, 28)])
        #expect(passes.map(\.window.offsets) == [45..<50, 0..<10])
        #expect(passes.map(\.expectedEvents) == [2, 10])
    }

    /// Nothing was stored between: the cursor moves all the same.
    @Test func aWindowOfDeadLettersHoldsNothing() {
        let passes = PartitionPass.plan([progress(0, next: 50, stored: 12)], [cursor(0, 20, 12)])
        #expect(passes.map(\.expectedEvents) == [0])
    }

    @Test func partsCoverTheWindowOnceEach() {
        var random = SeededRandom.announced()
        for _ in 0..<200 {
            let lower = Int64.random(in: 0...100, using: &random)
            let window = OffsetWindow(
                partition: PartitionEpoch(epoch: 1, partition: 0),
                offsets: lower..<lower + Int64.random(in: 0...100, using: &random))
            let size = Int64.random(in: 1...40, using: &random)
            let parts = window.parts(of: size)
            #expect(parts.flatMap { Array($0.offsets) } == Array(window.offsets))
            #expect(parts.allSatisfy { !$0.offsets.isEmpty && $0.offsets.count <= size })
            #expect(parts.allSatisfy { $0.partition == window.partition })
        }
    }
}

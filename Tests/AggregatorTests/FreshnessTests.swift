import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

struct FreshnessTests {
    private func progress(_ partition: Int32 = 0, epoch: Int32 = 1, next: Int64) -> IngestProgress {
        var progress = IngestProgress(partition: PartitionEpoch(epoch: epoch, partition: partition), first: 0)
        progress.next = next
        return progress
    }

    private func cursor(_ next: Int64, of partition: Int32 = 0, epoch: Int32 = 1) -> RollupCursor {
        RollupCursor(
            partition: PartitionEpoch(epoch: epoch, partition: partition), nextOffset: next, foldedStored: next)
    }

    @Test func neverClaimsWhatIsNotDone() {
        var random = SeededRandom.announced()
        var claims = 0
        for _ in 0..<300 {
            var world = FreshnessWorld(random: SeededRandom(seed: random.next()))
            for _ in 0..<200 { world.step() }
            claims += world.claims
        }
        #expect(claims > 300, "it claims something at all")
    }

    @Test func theLatestReachedObservationCounts() {
        var freshness = Freshness()
        for (time, end) in [(10, 5), (20, 5), (30, 8)] as [(Int64, Int64)] {
            freshness.observe(.init(time: time, ends: [0: end]), [progress(next: 0)])
        }
        let claims = [4, 5, 7, 8].map { freshness.completeThrough([progress(next: 8)], [cursor($0)]) }
        #expect(claims == [nil, 20, nil, 30], "each is claimed once")
    }

    @Test func everyPartitionMustHaveBeenReached() {
        var freshness = Freshness()
        freshness.observe(.init(time: 10, ends: [0: 5, 1: 3, 2: 0]), [])
        let both = [progress(next: 5), progress(1, next: 3)]
        let claims = [
            freshness.completeThrough([progress(next: 5)], [cursor(5)]), freshness.completeThrough(both, [cursor(5)]),
            freshness.completeThrough(both, [cursor(5), cursor(3, of: 1)]),
        ]
        #expect(claims == [nil, nil, 10])
    }

    @Test func anEndBelowTheProgressTellsNothing() {
        var freshness = Freshness()
        freshness.observe(.init(time: 10, ends: [0: 2]), [progress(next: 5)])
        let claim = freshness.completeThrough([progress(next: 5)], [cursor(5)])
        #expect(claim == nil)
    }

    /// The new log has been folded, but not the last events of the old one.
    @Test(arguments: [0, 2] as [Int64])
    func anOldEpochIsNotForgotten(end: Int64) {
        var freshness = Freshness()
        let all = [progress(next: 5), progress(epoch: 2, next: end)]
        freshness.observe(.init(time: 10, ends: [0: end]), all)
        let claims = [4, 5].map { freshness.completeThrough(all, [cursor($0), cursor(end, epoch: 2)]) }
        #expect(claims == [nil, 10])
    }

    @Test func observationsAreBoundedAndStillTell() {
        var freshness = Freshness()
        for time in Int64(1)...1000 { freshness.observe(.init(time: time, ends: [0: time]), []) }
        let claims = [700, 1000].map { freshness.completeThrough([progress(next: 1000)], [cursor($0)]) ?? 0 }
        #expect((500...700).contains(claims[0]))
        #expect((998...1000).contains(claims[1]))
    }
}

import Stores
import Testing

@testable import StoreModels
@testable import Worker

struct AssignmentTests {
    private let start = ContinuousClock.now

    /// An assignment that goes on at these offsets.
    private func started(_ offsets: [Int32: Int64]) -> Assignment {
        var assignment = Assignment()
        assignment.take(offsets.keys.sorted(), now: start)
        assignment.start(
            at: Dictionary(
                uniqueKeysWithValues: offsets.map { partition, next in
                    var progress = IngestProgress(partition: .init(epoch: 1, partition: partition), first: 0)
                    progress.next = next
                    return (partition, progress)
                }))
        return assignment
    }

    private func slice(_ offset: Int64, of partition: Int32 = 0) -> RecordSlice {
        RecordSlice([record("", offset: offset, partition: partition)])
    }

    @Test func whateverHappensNothingIsOvertakenOrForgotten() {
        var random = SeededRandom.announced()
        for _ in 0..<300 {
            var world = AssignmentWorld(random: SeededRandom(seed: random.next()))
            for _ in 0..<60 { world.step() }
        }
    }

    @Test func nothingIsLookedAtBeforePositionsAreCompared() {
        var assignment = Assignment()
        assignment.take([0], now: start)
        #expect(assignment.comparison?.due == start)
        var admitted = assignment.admit([slice(0)])
        #expect(admitted.isEmpty)
        assignment = started([0: 0])
        #expect(assignment.comparison == nil)
        admitted = assignment.admit([slice(0), slice(0, of: 1)])
        #expect(admitted.map(\.partition) == [0], "1 is not assigned")
    }

    @Test func theMirrorIsSetRightAtTheStart() {
        var assignment = started([0: 7, 1: 0])
        var offsets = assignment.takeUncommitted()
        #expect(offsets == [0: 7, 1: 0])
        offsets = assignment.takeUncommitted()
        #expect(offsets.isEmpty)
    }

    @Test func whatFollowsAHeldSliceWaitsBehindIt() {
        var assignment = started([0: 0, 1: 0])
        assignment.hold(slice(0), now: start)
        let admitted = assignment.admit([slice(1), slice(0, of: 1)])
        #expect(admitted.map(\.partition) == [1])
        let later = start + .seconds(60)
        #expect(assignment.due(at: later).map(\.offsets) == [[0]])
        var isFree = assignment.release(0, now: later)
        #expect(!isFree)
        #expect(assignment.due(at: later).map(\.offsets) == [[1]])
        isFree = assignment.release(0, now: later)
        #expect(isFree)
        #expect(assignment.due(at: later).isEmpty)
        isFree = assignment.release(0, now: later)
        #expect(!isFree, "there is nothing to release")
    }

    @Test func troubleIsWaitedOut() {
        var assignment = started([0: 0])
        assignment.hold(slice(0), now: start)
        var longest = Duration.zero
        for attempt in 0..<40 {
            let now = start + .seconds(attempt * 60)
            assignment.hold(slice(0), now: now)
            #expect(assignment.held[0]?.slices.count == 1, "the same slice is held once")
            let wait = (assignment.held[0]?.due ?? now) - now
            #expect((.zero ... .seconds(10)).contains(wait))
            longest = max(longest, wait)
        }
        #expect(longest > .seconds(1), "waits grow")
    }

    /// A result that comes when its partition is in doubt changes nothing: positions are read again.
    @Test func doubtIsNotUndoneByWhatWasUnderWay() {
        var assignment = started([0: 0, 1: 0])
        let admitted = assignment.admit([slice(0), slice(0, of: 1)])
        assignment.doubt([0, 1], now: start)
        assignment.hold(admitted[0], now: start)
        var progress = IngestProgress(partition: .init(epoch: 1, partition: 1), first: 0)
        progress.next = 1
        assignment.advance(to: progress)
        #expect(assignment.held.isEmpty)
        #expect(assignment.progress.isEmpty)
        #expect(assignment.uncommitted.isEmpty)
        let later = assignment.admit([slice(1, of: 1)])
        #expect(later.isEmpty)
    }

    @Test func doubtOfOthersPartitionsIsNone() {
        var assignment = started([0: 0])
        assignment.doubt([5], now: start)
        #expect(assignment.comparison == nil)
        #expect(assignment.progress.count == 1)
    }

    @Test func aBatchIsCountedOnceHoweverManyOfItsSlicesAreHeld() {
        var assignment = started([0: 0, 1: 0, 2: 0])
        let batch = RecordBatch((0..<2).map { record("0123456789", offset: 0, partition: $0) })
        for slice in RecordSlice.slices(of: batch) { assignment.hold(slice, now: start) }
        #expect(assignment.heldBytes == batch.bytes.count)
        let other = slice(0, of: 2)
        assignment.hold(other, now: start)
        #expect(assignment.heldBytes == batch.bytes.count + other.batch.bytes.count)
        assignment.doubt([0], now: start)
        #expect(assignment.heldBytes == batch.bytes.count + other.batch.bytes.count, "a slice of 1 still needs it")
        assignment.doubt([1, 2], now: start)
        #expect(assignment.heldBytes == 0)
    }

    @Test func aMemberThatIsLostAgainAndAgainComesBackMoreSlowly() {
        var pace = JoinPace()
        var wait = pace.next(now: start)
        #expect(wait == nil, "the first time at once")
        var longest = Duration.zero
        for second in 1..<50 {
            wait = pace.next(now: start + .seconds(second))
            longest = max(longest, wait ?? .zero)
        }
        #expect(longest > .seconds(1))
        wait = pace.next(now: start + .seconds(500))
        #expect(wait.map { $0 <= .milliseconds(100) } == true, "a long membership makes it quick again")
    }
}

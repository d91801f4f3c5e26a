import Events
import Stores
import Testing

@testable import StoreModels
@testable import Worker

/// A group, a log without end and a chain that succeeds or not, around an assignment: what `WorkerLoop` does, without
/// I/O. It keeps its own books of what may happen.
struct AssignmentWorld {
    var assignment = Assignment()
    var random: SeededRandom
    private var now = ContinuousClock.now
    /// The authority: the next offset of every partition.
    private var stored: [Int32: Int64] = [:]
    /// Where the consumer goes on fetching, by partition; it does not know of doubts.
    private var fetched: [Int32: Int64] = [:]
    private var assigned: [Int32] = []
    /// Partitions whose position is known.
    private var certain: Set<Int32> = []

    init(random: SeededRandom) { self.random = random }

    /// Does something that can happen, and checks what then must hold.
    mutating func step() {
        now += .milliseconds(Int.random(in: 0...3000, using: &random))
        switch Int.random(in: 0..<20, using: &random) {
        case 0: take()
        case 1: drop()
        case 2: doubt(assigned.filter { _ in Bool.random(using: &random) } + [99])
        case 3: assignment.postponeComparison(now: now)
        case 4...7: start()
        case 8...11: process(assignment.due(at: now), isRetry: true)
        case 12: commit()
        default: fetch()
        }
        check()
    }

    private mutating func take() {
        assigned = (0..<4).filter { _ in Bool.random(using: &random) }
        assignment.take(assigned, now: now)
        (certain, fetched) = ([], [:])
    }

    private mutating func drop() {
        (assigned, certain, fetched) = ([], [], [:])
        assignment.drop()
    }

    private mutating func doubt(_ partitions: [Int32]) {
        assignment.doubt(partitions, now: now)
        certain.subtract(partitions)
    }

    private mutating func start() {
        guard let comparison = assignment.comparison, comparison.due <= now else { return }
        let positions = Dictionary(uniqueKeysWithValues: assigned.map { ($0, progress($0, next: stored[$0] ?? 0)) })
        assignment.start(at: positions)
        fetched = positions.mapValues(\.next)
        certain = Set(assigned)
    }

    private mutating func fetch() {
        let records = fetched.keys.sorted().flatMap { partition -> [LoggedRecord] in
            let first = fetched[partition] ?? 0
            let count = Int64.random(in: 0...3, using: &random)
            fetched[partition] = first + count
            return (first..<first + count).map { record("", offset: $0, partition: partition) }
        }
        let held = Set(assignment.held.keys)
        let admitted = assignment.admit(RecordSlice.slices(of: RecordBatch(records)))
        #expect(certain.isSuperset(of: admitted.map(\.partition)), "records of doubtful partitions are not looked at")
        #expect(held.isDisjoint(with: admitted.map(\.partition)), "nothing overtakes a held slice")
        process(admitted, isRetry: false)
    }

    /// Slices of several partitions are under way at once; their results are entered one after the other, and one
    /// result may cast doubt on partitions whose result is still to come.
    private mutating func process(_ slices: [RecordSlice], isRetry: Bool) {
        #expect(Set(slices.map(\.partition)).count == slices.count, "two slices of a partition at once")
        let started = slices.filter { assignment.progress[$0.partition] != nil }
        for slice in started {
            #expect(slice.offsets.first == assignment.progress[slice.partition]?.next, "in order, without gap")
        }
        for slice in started.shuffled(using: &random) { enter(slice, isRetry: isRetry) }
    }

    private mutating func enter(_ slice: RecordSlice, isRetry: Bool) {
        let partition = slice.partition
        switch Int.random(in: 0..<10, using: &random) {
        case 0: doubt([partition])
        case 1: doubt(assigned)
        case 2...4: assignment.hold(slice, now: now)
        default:
            stored[partition] = (slice.offsets.last ?? 0) + 1
            assignment.advance(to: progress(partition, next: stored[partition] ?? 0))
            guard isRetry else { return }
            let isFree = assignment.release(partition, now: now)
            if certain.contains(partition) { #expect(isFree == (assignment.held[partition] == nil)) }
        }
    }

    private mutating func commit() {
        let offsets = assignment.takeUncommitted()
        for (partition, offset) in offsets { #expect(offset <= stored[partition] ?? 0) }
        #expect(assignment.uncommitted.isEmpty)
    }

    private func progress(_ partition: Int32, next: Int64) -> IngestProgress {
        var progress = IngestProgress(partition: PartitionEpoch(epoch: 1, partition: partition), first: 0)
        progress.next = next
        return progress
    }

    private func check() {
        #expect(assignment.assigned == assigned)
        #expect(Set(assignment.progress.keys) == certain, "a doubtful partition has no progress")
        #expect(certain.isSuperset(of: assignment.held.keys), "doubt drops what is in hand")
        #expect(certain.isSuperset(of: assignment.uncommitted.keys))
        for (partition, offset) in assignment.uncommitted {
            #expect(offset <= assignment.progress[partition]?.next ?? -1, "nothing is committed beyond the progress")
        }
        for (partition, progress) in assignment.progress { #expect(progress.next == stored[partition] ?? 0) }
        if certain.count < assigned.count { #expect(assignment.comparison != nil, "doubt is to be settled") }
        for held in assignment.held.values {
            let offsets = held.slices.flatMap(\.offsets)
            #expect(zip(offsets, offsets.dropFirst()).allSatisfy { $0 + 1 == $1 }, "held in order")
        }
        let dues = assignment.held.values.map(\.due) + [assignment.comparison?.due].compactMap { $0 }
        #expect(assignment.nextDue == dues.min())
    }
}

import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// Logs, workers and an aggregator in miniature, which know of every record when it came and what became of it.
///
/// A log that is made anew stays shorter than the old progress until a worker has noticed: `Freshness` cannot tell a
/// new log of exactly the old one's length from the old one.
struct FreshnessWorld {
    fileprivate struct Partition {
        let number: Int32
        /// When each record of the present log came.
        var arrivals: [Int64] = []
        /// Whether a worker has seen that the log is a new one.
        var isNoticed = true
        var epoch: Int32 = 0
        var progress: [Int32: IngestProgress] = [:]
        var cursors: [Int32: Int64] = [:]
        /// When the records came that were processed of epochs gone by.
        var processed: [Int32: [Int64]] = [:]

        var current: IngestProgress? { progress[epoch] }
    }

    private var random: SeededRandom
    private var partitions: [Int32: Partition] = [0: Partition(number: 0), 1: Partition(number: 1)]
    private var freshness = Freshness()
    private(set) var time: Int64 = 1000
    private(set) var claims = 0

    init(random: SeededRandom) { self.random = random }

    /// Lets something happen.
    mutating func step() {
        time += Int64.random(in: 0...3, using: &random)
        let number = Int32.random(in: 0...1, using: &random)
        switch Int.random(in: 0..<24, using: &random) {
        case 0: partitions[number]?.recreate()
        case 1...3: partitions[number]?.notice()
        case 4...9: partitions[number]?.append(at: time)
        case 10...13: partitions[number]?.process(Int64.random(in: 1...4, using: &random))
        case 14...18:
            partitions[number]?.fold(
                epoch: Int32.random(in: 1...4, using: &random), latest: Bool.random(using: &random))
        case 19...21: observe()
        default: claim()
        }
    }

    private var progress: [IngestProgress] { partitions.values.flatMap(\.progress.values) }

    private var cursors: [RollupCursor] {
        partitions.flatMap { number, partition in
            partition.cursors.map { epoch, next in
                RollupCursor(
                    partition: PartitionEpoch(epoch: epoch, partition: number), nextOffset: next, foldedStored: next)
            }
        }
    }

    /// As the aggregator does: the time, then the progress, then the ends, with things happening in between.
    private mutating func observe() {
        let (now, known) = (time, progress)
        for number in [Int32(0), 1] where Bool.random(using: &random) {
            time += 1
            partitions[number]?.append(at: time)
            partitions[number]?.process(1)
        }
        freshness.observe(.init(time: now, ends: partitions.mapValues { Int64($0.arrivals.count) }), known)
    }

    private mutating func claim() {
        guard let complete = freshness.completeThrough(progress, cursors) else { return }
        claims += 1
        for partition in partitions.values {
            #expect(
                partition.unfolded.allSatisfy { $0 >= complete }, "\(complete) is claimed, \(partition) is not done")
        }
    }
}

extension FreshnessWorld.Partition {
    fileprivate mutating func recreate() {
        guard isNoticed, epoch > 0, let progress = current else { return }
        processed[epoch] = Array(arrivals.prefix(Int(progress.next)))
        (arrivals, isNoticed) = ([], false)
    }

    fileprivate mutating func notice() {
        guard !isNoticed || epoch == 0 else { return }
        epoch += 1
        isNoticed = true
        progress[epoch] = IngestProgress(partition: PartitionEpoch(epoch: epoch, partition: number), first: 0)
    }

    fileprivate mutating func append(at time: Int64) {
        guard isNoticed || arrivals.count + 1 < current?.next ?? 0 else { return }
        arrivals.append(time)
    }

    fileprivate mutating func process(_ count: Int64) {
        guard isNoticed, let next = current?.next else { return }
        progress[epoch]?.next = min(next + count, Int64(arrivals.count))
    }

    fileprivate mutating func fold(epoch wanted: Int32, latest: Bool) {
        let chosen = latest ? epoch : min(wanted, epoch)
        cursors[chosen] = progress[chosen]?.next
    }

    /// When the records came that are neither folded nor gone with their log.
    fileprivate var unfolded: [Int64] {
        let old = processed.flatMap { epoch, times in times.dropFirst(Int(cursors[epoch] ?? 0)) }
        guard isNoticed else { return old + arrivals }
        return old + arrivals.dropFirst(Int(cursors[epoch] ?? 0))
    }
}

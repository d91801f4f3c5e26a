package import Stores

/// A partition's part of a pass: from its cursor to its progress.
package struct PartitionPass: Sendable, Equatable {
    /// The cursor now; `nil` where nothing of this epoch has been folded.
    var from: RollupCursor?
    /// The cursor afterwards.
    var to: RollupCursor

    /// The offsets to be read.
    var window: OffsetWindow {
        OffsetWindow(partition: to.partition, offsets: (from?.nextOffset ?? start)..<to.nextOffset)
    }

    /// How many events must be found in the window.
    var expectedEvents: Int64 { to.foldedStored - (from?.foldedStored ?? 0) }

    /// Where it begins when there is no cursor yet.
    var start: Int64

    package init(from: RollupCursor?, to: RollupCursor, start: Int64) {
        (self.from, self.to, self.start) = (from, to, start)
    }

    /// What is to be folded, by comparing progress with cursors. Pure.
    static func plan(_ progress: [IngestProgress], _ cursors: [RollupCursor]) -> [PartitionPass] {
        let cursors = Dictionary(uniqueKeysWithValues: cursors.map { ($0.partition, $0) })
        return progress.compactMap { progress in
            let cursor = cursors[progress.partition]
            guard progress.next > cursor?.nextOffset ?? progress.first else { return nil }
            let to = RollupCursor(
                partition: progress.partition, nextOffset: progress.next, foldedStored: progress.stored)
            return PartitionPass(from: cursor, to: to, start: progress.first)
        }
    }
}

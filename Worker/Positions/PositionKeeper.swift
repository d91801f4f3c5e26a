import Events
import Logging
import Stores

/// Finds out where to go on: the progress is the authority, the log may have changed beneath it.
struct PositionKeeper: Sendable {
    /// How far past `next` an earlier worker can have inserted: its largest batch, with room to spare.
    static let maximumInFlight: Int64 = 20_000

    let log: any EventLog
    let store: any RawEventStore
    let newToken: @Sendable () -> String
    let logger: Logger

    /// The progress to go on from, by partition, after comparing each with the log.
    func positions(of partitions: [Int32]) async throws -> [Int32: IngestProgress] {
        let progress = try await store.latestProgress(of: partitions)
        let watermarks = try await log.watermarks(of: .userEvents, partitions: partitions)
        let last = try await lastRecords(progress)
        var positions: [Int32: IngestProgress] = [:]
        for partition in partitions {
            guard let extent = watermarks[partition] else {
                throw EventLogError(.unreachable, "partition \(partition) told no watermarks")
            }
            let reconciliation = Reconciliation.compare(progress[partition], extent, last: last[partition])
            positions[partition] = try await carryOut(reconciliation, on: partition, progress[partition])
        }
        return positions
    }

    private func lastRecords(_ progress: [Int32: IngestProgress]) async throws -> [Int32: Digest128] {
        let places = progress.values.filter { $0.lastHash != nil && $0.next > 0 }.map {
            LogOffset(partition: $0.partition.partition, offset: $0.next - 1)
        }
        guard !places.isEmpty else { return [:] }
        let batch = try await log.records(at: places, in: .userEvents)
        return Dictionary(
            uniqueKeysWithValues: batch.records.indices.map {
                (batch.records[$0].partition, Bookkeeping.recordHash($0, of: batch))
            })
    }

    private func carryOut(
        _ reconciliation: Reconciliation, on partition: Int32, _ progress: IngestProgress?
    ) async throws -> IngestProgress {
        switch (reconciliation, progress) {
        case (.proceed, let progress?): return progress
        case (.lost(let low), let progress?): return try await countLost(upTo: low, progress)
        case (.recreated(let first), let progress?):
            let settled = try await settle(progress)
            logger.warning(
                "The log was recreated: a new epoch begins",
                metadata: ["partition": "\(partition)", "old": "\(settled.partition)", "next": "\(settled.next)"])
            let next = PartitionEpoch(epoch: settled.partition.epoch + 1, partition: partition)
            return try await store.beginEpoch(IngestProgress(partition: next, first: first))
        case (.begin(let first), _), (.recreated(let first), nil), (.lost(let first), nil):
            let epoch = PartitionEpoch(epoch: 1, partition: partition)
            return try await store.beginEpoch(IngestProgress(partition: epoch, first: first))
        case (.proceed, nil): throw EventLogError(.other, "partition \(partition) has no progress to go on from")
        }
    }

    private func countLost(upTo low: Int64, _ progress: IngestProgress) async throws -> IngestProgress {
        let books = try await books(progress, upTo: low)
        logger.error(
            "The log dropped records before they were processed",
            metadata: ["partition": "\(progress.partition)", "lost": "\(books.lost - progress.lost)"])
        return try await move(progress, to: books)
    }

    /// Closes the books of an epoch whose log is gone.
    private func settle(_ progress: IngestProgress) async throws -> IngestProgress {
        let books = try await books(progress, upTo: nil)
        return books.next == progress.next ? progress : try await move(progress, to: books)
    }

    /// The books after records that the log no longer holds. What an earlier worker stored or buried past `next`, when
    /// it could not yet move the progress, is counted as that; else rollups would find more than the books say.
    ///
    /// `lastHash` stays: this log holds no record at `next − 1` any more, so that one found there tells of another log.
    /// - Parameter end: the first offset that the log still holds; `nil` where it holds none of this epoch.
    private func books(_ progress: IngestProgress, upTo end: Int64?) async throws -> IngestProgress {
        let next = progress.next
        let window = OffsetWindow(
            partition: progress.partition, offsets: next..<min(end ?? .max, next + Self.maximumInFlight))
        let stored = try await store.withConsistentReader { try await $0.events(in: window) }.map(\.offset)
        let dead = try await store.deadLetters(in: window).map(\.position.offset)
        var books = progress
        books.stored += Int64(stored.count)
        books.dead += Int64(dead.count)
        books.next = end ?? (stored + dead).max().map { $0 + 1 } ?? next
        books.lost += books.next - next - Int64(stored.count + dead.count)
        return books
    }

    private func move(_ progress: IngestProgress, to books: IngestProgress) async throws -> IngestProgress {
        var books = books
        books.batch = newToken()
        switch try await store.advance(from: progress, to: books) {
        case .advanced: return books
        case .superseded: throw DatabaseError(.contended, store: "raw events", "another worker moved the progress")
        }
    }
}

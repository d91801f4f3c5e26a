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
        var books = progress
        books.lost += low - books.next
        books.next = low
        books.lastHash = nil
        logger.error(
            "The log dropped records before they were processed",
            metadata: ["partition": "\(progress.partition)", "lost": "\(low - progress.next)"])
        return try await move(progress, to: books)
    }

    /// Closes the books of an epoch whose log is gone: events that were inserted past `next`, when the progress had
    /// not moved yet, are counted as stored; else no rollup would ever reach them.
    private func settle(_ progress: IngestProgress) async throws -> IngestProgress {
        let window = OffsetWindow(
            partition: progress.partition, offsets: progress.next..<progress.next + Self.maximumInFlight)
        let found = try await store.withConsistentReader { try await $0.events(in: window) }
        guard let last = found.last else { return progress }
        var books = progress
        books.stored += Int64(found.count)
        books.next = last.offset + 1
        books.lost += books.next - progress.next - Int64(found.count)
        books.lastHash = nil
        return try await move(progress, to: books)
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

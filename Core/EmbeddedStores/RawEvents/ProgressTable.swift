import Events
import Foundation
import GRDB
import Stores

/// `ingest_progress`: one row for each incarnation of each partition.
enum ProgressTable {
    private static let columns = "epoch, partition, first, next, stored, duplicate, dead, lost, gaps, last_hash, batch"

    static func latest(_ db: Database, _ partition: Int32) throws -> IngestProgress? {
        try Row.fetchOne(
            db, sql: "SELECT \(columns) FROM ingest_progress WHERE partition = ? ORDER BY epoch DESC LIMIT 1",
            arguments: [partition]
        ).map(progress)
    }

    static func all(_ db: Database) throws -> [IngestProgress] {
        try Row.fetchAll(db, sql: "SELECT \(columns) FROM ingest_progress ORDER BY epoch, partition").map(progress)
    }

    private static func one(_ db: Database, _ partition: PartitionEpoch) throws -> IngestProgress? {
        try Row.fetchOne(
            db, sql: "SELECT \(columns) FROM ingest_progress WHERE partition = ? AND epoch = ?",
            arguments: [partition.partition, partition.epoch]
        ).map(progress)
    }

    static func begin(_ db: Database, _ progress: IngestProgress) throws -> IngestProgress {
        if let stored = try one(db, progress.partition) { return stored }
        try write(db, progress)
        return progress
    }

    static func advance(_ db: Database, from old: IngestProgress, to new: IngestProgress) throws -> AdvanceOutcome {
        guard let stored = try one(db, old.partition) else {
            throw Stores.DatabaseError(.other, store: "embedded", "\(old.partition) has no progress to move")
        }
        // The same batch again: its first try had succeeded.
        if stored == new { return .advanced }
        guard stored.next == old.next, stored.batch == old.batch else { return .superseded(by: stored) }
        try write(db, new)
        return .advanced
    }

    private static func write(_ db: Database, _ progress: IngestProgress) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO ingest_progress (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                progress.partition.epoch, progress.partition.partition, progress.first, progress.next, progress.stored,
                progress.duplicate, progress.dead, progress.lost, progress.gaps,
                progress.lastHash.map { Data($0.bytes) }, progress.batch,
            ])
    }

    private static func progress(_ row: Row) -> IngestProgress {
        var progress = IngestProgress(partition: PartitionEpoch(epoch: row[0], partition: row[1]), first: row[2])
        progress.next = row[3]
        progress.stored = row[4]
        progress.duplicate = row[5]
        progress.dead = row[6]
        progress.lost = row[7]
        progress.gaps = row[8]
        progress.lastHash = (row[9] as Data?).flatMap { Digest128(bytes: $0) }
        progress.batch = row[10]
        return progress
    }
}

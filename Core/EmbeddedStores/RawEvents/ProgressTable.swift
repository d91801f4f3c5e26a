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

/// The statements that move progress: for every batch and partition.
final class ProgressStatements {
    private let find: PreparedStatement
    private let replace: PreparedStatement

    init(_ db: Database) throws {
        find = try PreparedStatement(
            db,
            """
            SELECT first, next, stored, duplicate, dead, lost, gaps, last_hash, batch FROM ingest_progress
            WHERE partition = ? AND epoch = ?
            """)
        replace = try PreparedStatement(
            db,
            """
            INSERT OR REPLACE INTO ingest_progress
              (partition, epoch, first, next, stored, duplicate, dead, lost, gaps, last_hash, batch)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
    }

    /// Stores the first state of an epoch unless there is one.
    func begin(_ progress: IngestProgress) throws -> IngestProgress {
        if let stored = try stored(progress.partition) { return stored }
        try write(progress)
        return progress
    }

    /// Compare-and-set.
    func advance(_ move: ProgressMove) throws -> AdvanceOutcome {
        guard let stored = try stored(move.old.partition) else {
            throw Stores.DatabaseError(.other, store: "embedded", "\(move.old.partition) has no progress to move")
        }
        // The same batch again: its first try had succeeded.
        if stored == move.new { return .advanced }
        guard stored.next == move.old.next, stored.batch == move.old.batch else { return .superseded(by: stored) }
        try write(move.new)
        return .advanced
    }

    private func stored(_ partition: PartitionEpoch) throws -> IngestProgress? {
        var progress: IngestProgress?
        find.bind(1, Int64(partition.partition))
        find.bind(2, Int64(partition.epoch))
        try find.forEachRow { row in
            var found = IngestProgress(partition: partition, first: row.integer(0))
            found.next = row.integer(1)
            (found.stored, found.duplicate, found.dead) = (row.integer(2), row.integer(3), row.integer(4))
            (found.lost, found.gaps) = (row.integer(5), row.integer(6))
            found.lastHash = row.isNull(7) ? nil : Digest128(bytes: row.blob(7))
            found.batch = row.text(8)
            progress = found
            return false
        }
        return progress
    }

    private func write(_ progress: IngestProgress) throws {
        let numbers = [
            Int64(progress.partition.partition), Int64(progress.partition.epoch), progress.first, progress.next,
            progress.stored, progress.duplicate, progress.dead, progress.lost, progress.gaps,
        ]
        for (index, number) in numbers.enumerated() { replace.bind(Int32(index + 1), number) }
        if let hash = progress.lastHash { replace.bind(10, hash.bytes) } else { replace.bindNull(10) }
        replace.bind(11, progress.batch)
        try replace.run()
    }
}

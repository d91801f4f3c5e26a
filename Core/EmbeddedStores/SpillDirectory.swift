import Foundation
import GRDB
import Stores

/// A directory that holds what the log could not take: `spill.db`, an embedded log, and a lock that one process holds.
///
/// The file is not called `log.db`: a directory of the embedded profile must not be taken for a spill and drained.
public final class SpillDirectory: Sendable {
    /// What lies in a directory, as it can be read beside the process that has it.
    public struct Contents: Sendable, Equatable {
        /// Records by topic and partition; partitions without any are absent.
        public var records: [String: [Int32: Int64]]
        /// When the oldest record was received: milliseconds since 1970; `nil` without records.
        public var oldest: Int64?
        /// Bytes of the file that hold something.
        public var bytes: Int64
    }

    /// The spilled records.
    public let log: EmbeddedLog
    private let lock: DirectoryLock
    private let path: String

    /// Opens a directory and keeps others out until this object goes.
    /// - Parameter mayCreate: whether a directory without a spill becomes one.
    /// - Throws: `DatabaseError`: `.invalidConfiguration` where another process has it, it cannot be written, or it
    ///   holds no spill and may not be given one.
    public init(path: String, mayCreate: Bool = true) throws {
        if !mayCreate { try Self.requireSpill(in: path) }
        self.path = path
        lock = try DirectoryLock(making: path)
        log = try EmbeddedLog(path: Self.file(in: path))
    }

    /// Whether more may be put in. Some room is kept free, because SQLite needs it to drop records: on a disk that is
    /// full to the last page, what was drained would stay for ever.
    public func hasRoom() async -> Bool {
        var disk = statvfs()
        guard statvfs(path, &disk) == 0 else { return true }  // the append itself will tell
        let (free, all) = (UInt64(disk.f_bavail) * UInt64(disk.f_frsize), UInt64(disk.f_blocks) * UInt64(disk.f_frsize))
        let reserve = min(Self.maximumReserve, all / 4)
        if free >= reserve { return true }
        // Pages of dropped records do not make the file larger; only the WAL may then grow.
        guard free >= reserve / 2, let unused = try? await log.unusedBytes() else { return false }
        return unused >= reserve
    }

    /// Bytes of the disk that are kept free, at most; of a small disk a quarter.
    private static let maximumReserve: UInt64 = 64 << 20

    /// Closes the log; the directory stays locked until this object goes. Idempotent.
    public func close() async { await log.close() }

    /// Looks into a directory without opening it for writing: also while another process has it.
    /// - Throws: `DatabaseError`: `.invalidConfiguration` where there is no spill.
    public static func contents(of path: String) throws -> Contents {
        try requireSpill(in: path)
        do {
            var configuration = Configuration()
            configuration.readonly = true
            return try DatabaseQueue(path: file(in: path), configuration: configuration).read(contents)
        } catch {
            throw Stores.DatabaseError.embedded(error, "the spill in \(path) cannot be read")
        }
    }

    private static func contents(_ db: Database) throws -> Contents {
        let topics = try LogQueries.topics(db)
        let extents = try LogQueries.extents(db)
        var records: [String: [Int32: Int64]] = [:]
        for (name, topic) in topics {
            for (place, extent) in extents where place.topic == topic.id && extent.high > extent.low {
                records[name, default: [:]][place.partition] = extent.high - extent.low
            }
        }
        return Contents(
            records: records, oldest: try oldest(db, extents), bytes: try LogQueries.usedBytes(db))
    }

    private static func oldest(_ db: Database, _ extents: [Extents.Place: Watermarks]) throws -> Int64? {
        try extents.filter { $1.high > $1.low }.compactMap { place, extent in
            try Int64.fetchOne(
                db, sql: "SELECT timestamp FROM record WHERE key = ?",
                arguments: [RecordKey.key(place.topic, place.partition, extent.low)])
        }.min()
    }

    private static func file(in path: String) -> String { "\(path)/spill.db" }

    private static func requireSpill(in path: String) throws {
        guard FileManager.default.fileExists(atPath: file(in: path)) else {
            throw Stores.DatabaseError(.invalidConfiguration, store: "embedded", "there is no spill in \(path)")
        }
    }
}

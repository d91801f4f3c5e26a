import Foundation
import Stores

/// A directory of the embedded profile: `log.db`, `raw.db`, `rollups.db`, and a lock that one process holds.
public final class DataDirectory: Sendable {
    /// The log.
    public let log: EmbeddedLog
    /// Raw events, progress and the index of dead letters.
    public let raw: EmbeddedRawEventStore
    /// Rollups and cursor.
    public let rollups: EmbeddedRollupStore
    /// Live summaries, in memory only.
    public let live = EmbeddedLiveFeed()
    let path: String
    private let lock: DirectoryLock

    /// Opens a directory and keeps others out until this object goes.
    /// - Parameter isMade: whether to make the directory where there is none.
    /// - Throws: `DatabaseError`: `.invalidConfiguration` where another process has it or it cannot be written.
    public convenience init(path: String, makingIt isMade: Bool = true) throws {
        try self.init(path: path, makingIt: isMade, SeenIndex.Options())
    }

    init(path: String, makingIt isMade: Bool = true, _ options: SeenIndex.Options) throws {
        guard isMade || FileManager.default.fileExists(atPath: "\(path)/lock") else {
            throw DatabaseError(
                .invalidConfiguration, store: "embedded", "\(path) is not a directory that 'serve' has made")
        }
        self.path = path
        lock = try DirectoryLock(making: path)
        log = try EmbeddedLog(path: "\(path)/log.db")
        raw = try EmbeddedRawEventStore(path: "\(path)/raw.db", options)
        rollups = try EmbeddedRollupStore(path: "\(path)/rollups.db")
    }

    /// Whether a process has the directory now.
    public static func isInUse(_ path: String) -> Bool {
        let descriptor = open("\(path)/lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    /// Closes the three stores. Idempotent.
    public func close() async {
        await log.close()
        await raw.close()
        await rollups.close()
    }
}

/// Keeps a second process out of a directory. The kernel lets go of it however this process ends.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Makes the directory if need be, and takes it.
    convenience init(making directory: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw DatabaseError(
                .invalidConfiguration, store: "embedded", "the directory \(directory) cannot be made",
                cause: error.localizedDescription)
        }
        try self.init(directory: directory)
    }

    init(directory: String) throws {
        let path = "\(directory)/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw DatabaseError(
                .invalidConfiguration, store: "embedded", "\(path) cannot be written",
                cause: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = (try? String(contentsOfFile: path, encoding: .utf8))?.prefix { $0.isNumber } ?? ""
            Glibc.close(descriptor)
            throw DatabaseError(
                .invalidConfiguration, store: "embedded",
                "the directory \(directory) is in use by another process\(owner.isEmpty ? "" : " (pid \(owner))")")
        }
        let pid = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, pid, pid.count, 0)
    }

    deinit { close(descriptor) }
}

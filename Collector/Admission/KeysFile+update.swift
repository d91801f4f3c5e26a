import Foundation
import Glibc

extension KeysFile {
    /// Changes a file: reads it, hands it to `change`, replaces it. Changes at the same time come one after the other;
    /// a reader sees the old file or the new one, and so does whoever starts after a crash.
    /// - Parameter mayCreate: whether a file that is not there counts as an empty one.
    public static func update<Result>(
        _ path: String, mayCreate: Bool, change: (inout KeysFile) throws -> Result
    ) throws -> Result {
        // A link is left in place: what it points to is replaced.
        let target = URL(filePath: path).resolvingSymlinksInPath().path
        let directory = URL(filePath: target).deletingLastPathComponent().path
        let lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else { throw failure(path, "the directory \(directory) cannot be opened") }
        defer { close(lock) }
        guard retrying({ flock(lock, LOCK_EX) }) == 0 else { throw failure(path, "cannot be locked") }
        var file = KeysFile()
        if !mayCreate || access(target, F_OK) == 0 { file = try KeysFile(path: target) }
        let result = try change(&file)
        try replace(target, with: try file.encoded())
        // The directory's entry is to outlive a crash too.
        guard fsync(lock) == 0 else { throw failure(path, "the directory cannot be synced") }
        return result
    }

    /// Writes beside the file, syncs, and renames onto it. Only the owner may read it.
    private static func replace(_ path: String, with data: Data) throws {
        let temporary = "\(path).\(UUID().uuidString).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path, "no file can be made beside it") }
        let isWritten = write(data, to: descriptor) && fsync(descriptor) == 0
        let isReplaced = close(descriptor) == 0 && isWritten && rename(temporary, path) == 0
        guard isReplaced else {
            let fault = failure(path, "cannot be written")
            unlink(temporary)
            throw fault
        }
    }

    private static func write(_ data: Data, to descriptor: Int32) -> Bool {
        data.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = retrying { Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done) }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }

    private static func retrying<Code: SignedInteger>(_ call: () -> Code) -> Code {
        while true {
            let code = call()
            if code != -1 || errno != EINTR { return code }
        }
    }

    private static func failure(_ path: String, _ what: String) -> KeysFileError {
        KeysFileError(path: path, faults: ["\(what): \(String(cString: strerror(errno)))"])
    }
}

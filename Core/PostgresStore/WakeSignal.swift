internal import Glibc
internal import Stores

/// Wakes a thread that waits in `poll`, from any thread. The one owner of a pipe.
final class WakeSignal: Sendable {
    /// For `poll`: readable after `raise` and until `lower`.
    let descriptor: Int32
    private let writeEnd: Int32

    /// Throws where the process has no file descriptors left.
    init() throws(DatabaseError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw DatabaseError(postgres: .other, "no file descriptor is left", cause: String(cString: strerror(errno)))
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (descriptor, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    /// Makes the descriptor readable. A full pipe is so already.
    func raise() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// Makes it unreadable.
    func lower() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &bytes, bytes.count) > 0 {}
    }
}

import Glibc
import Synchronization

/// Where log lines go. A line comes whole, with its end, and is written whole.
public protocol LogSink: Sendable {
    /// Takes one line.
    func write(_ line: [UInt8])
}

/// Standard error. Lines of different threads do not mix. A pipe that is full and not read makes the writers wait, so
/// that no line is lost.
public final class StandardErrorSink: LogSink {
    private let turn = Mutex(())

    /// Makes a sink; one a process, since each has its own lock.
    public init() {}

    public func write(_ line: [UInt8]) {
        turn.withLock { _ in
            line.withUnsafeBytes { bytes in
                var written = 0
                while written < bytes.count {
                    let count = Glibc.write(STDERR_FILENO, bytes.baseAddress! + written, bytes.count - written)
                    if count > 0 {
                        written += count
                    } else if errno == EAGAIN {
                        var descriptor = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                        _ = poll(&descriptor, 1, -1)
                    } else if errno != EINTR {
                        return  // Closed or full for good: there is nobody left to tell.
                    }
                }
            }
        }
    }
}

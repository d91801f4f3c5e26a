public import Glibc
import Synchronization

/// Where log lines go. A line comes whole, with its end, and is written whole.
public protocol LogSink: Sendable {
    /// Takes one line.
    func write(_ line: [UInt8])
}

/// A file descriptor, usually standard error.
///
/// Lines of different threads do not mix. A pipe that is full and not read makes the writers wait: no line is lost.
public final class DescriptorSink: LogSink {
    private let descriptor: Int32
    private let turn = Mutex(())

    /// Writes to this descriptor, which stays the caller's. One sink a descriptor, since each has its own lock.
    public init(descriptor: Int32 = STDERR_FILENO) { self.descriptor = descriptor }

    public func write(_ line: [UInt8]) {
        turn.withLock { _ in
            line.withUnsafeBytes { bytes in
                var written = 0
                while written < bytes.count {
                    let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                    if count > 0 {
                        written += count
                    } else if errno == EAGAIN {
                        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                        _ = poll(&waiting, 1, -1)
                    } else if errno != EINTR {
                        return  // Closed or full for good: there is nobody left to tell.
                    }
                }
            }
        }
    }
}

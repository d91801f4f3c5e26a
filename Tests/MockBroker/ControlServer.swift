import Foundation

/// The fault-injection channel: a line in, its answer out, any number of connections.
///
/// A thread a connection: this is a tool of tests, and the mock's calls wait for its one thread anyway.
final class ControlServer {
    /// The port on 127.0.0.1.
    let port: UInt16
    private let listener: Int32

    /// Listens on `port` (0: any) and gives every line to `perform`.
    init(port: UInt16, perform: @escaping @Sendable (String) -> String) throws {
        guard let (listener, port) = listenOnLoopback(port: port) else {
            throw Problem("cannot listen on 127.0.0.1:\(port) for control")
        }
        (self.listener, self.port) = (listener, port)
        startThread {
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                startThread { serve(connection, perform) }
            }
        }
    }

    deinit { close(listener) }
}

/// A listening socket and its port, which the system chooses if `port` is 0; `nil` where the port is taken.
func listenOnLoopback(port: UInt16) -> (socket: Int32, port: UInt16)? {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var on: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listens = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(listener, $0, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &size) == 0
        }
    }
    guard listens else {
        close(listener)
        return nil
    }
    return (listener, UInt16(bigEndian: address.sin_port))
}

/// Starts a thread and forgets it.
func startThread(_ body: @escaping @Sendable () -> Void) { Thread(block: body).start() }

private func serve(_ connection: Int32, _ perform: (String) -> String) {
    guard let stream = fdopen(connection, "r+") else {
        close(connection)
        return
    }
    defer { fclose(stream) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, stream) > 0, let text = line {
        let words = String(cString: text).trimmingCharacters(in: .whitespacesAndNewlines)
        if words.isEmpty { continue }
        // A socket stream cannot be positioned: what is written goes around stdio's buffer.
        let answer = Array((perform(words) + "\n").utf8)
        guard send(connection, answer, answer.count, Int32(MSG_NOSIGNAL)) == answer.count else { return }
    }
}

import Foundation
import Synchronization

/// Stands between a client and a server on the loopback and can be cut or slowed: a server that is down for this
/// client only.
///
/// A thread accepts, and two more for each connection copy; made for tests with a handful of connections.
public final class TCPRelay: Sendable {
    private struct State {
        var isCut = false
        var connections: Set<Int32> = []
        /// How long each read of bytes waits before they go on.
        var delay: Duration = .zero
        var trap: Trap?
        var isHolding = false
    }

    /// Bytes that a request is known by, and what is kept back.
    private struct Trap {
        var mark: [UInt8]
        var part: Part
    }

    /// The parts of an exchange.
    public enum Part: Sendable, CaseIterable {
        case request, reply
    }

    /// Where clients connect.
    public let port: UInt16
    private let listener: Int32
    private let target: UInt16
    private let state = Mutex(State())

    /// Starts a relay to a port of this machine.
    public init(to target: UInt16) throws {
        self.target = target
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(0)
        let isBound = withSockaddr(&address) { Glibc.bind(listener, $0, $1) == 0 }
        guard isBound, listen(listener, 64) == 0 else {
            throw ChildProcess.Failure(description: "no port for a relay")
        }
        var bound = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withSockaddr(&bound) { address, _ in getsockname(listener, address, &size) }
        port = UInt16(bigEndian: bound.sin_port)
        self.listener = listener
        Thread { [weak self] in
            while case let client = accept(listener, nil, nil), client >= 0 { self?.relay(client) ?? closeNow(client) }
        }.start()
    }

    deinit {
        cut()
        shutdown(listener, Int32(SHUT_RDWR))
        closeNow(listener)
    }

    /// Ends all connections, and from now on every new one at once.
    public func cut() {
        state.withLock { state in
            state.isCut = true
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    /// Lets connections through again.
    public func restore() { state.withLock { $0.isCut = false } }

    /// From now on bytes wait so long, in both directions, before they go on.
    public func delay(_ delay: Duration) { state.withLock { $0.delay = delay } }

    /// Keeps the next request with these bytes from the server, or its reply from the client: nothing more passes on that
    /// connection.
    public func hold(_ part: Part, of mark: [UInt8]) { state.withLock { $0.trap = Trap(mark: mark, part: part) } }

    /// Whether it has come, and is kept.
    public var isHolding: Bool { state.withLock { $0.isHolding } }

    /// Drops what is kept, and its connection.
    public func drop() { state.withLock { ($0.trap, $0.isHolding) = (nil, false) } }

    /// Waits while these bytes of a client, or of its server, are to be kept.
    /// - Parameter isAwaited: whether the connection's next reply is the one wanted.
    /// - Returns: whether they go on.
    private func pass(_ bytes: ArraySlice<UInt8>, _ part: Part, _ isAwaited: borrowing Mutex<Bool>) -> Bool {
        let isCaught = state.withLock { state in
            guard let trap = state.trap, !state.isHolding else { return false }
            if part == .request, bytes.contains(trap.mark) {
                if trap.part == .reply { isAwaited.withLock { $0 = true } }
                state.isHolding = trap.part == .request
            } else if part == .reply, isAwaited.withLock({ $0 }) {
                state.isHolding = true
            }
            return state.isHolding
        }
        guard isCaught else { return true }
        while isHolding { usleep(10_000) }
        return false
    }

    private func relay(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(target)
        let isOpen = state.withLock { state in
            guard !state.isCut, withSockaddr(&address, { connect(server, $0, $1) == 0 }) else { return false }
            state.connections.formUnion([client, server])
            return true
        }
        guard isOpen else {
            closeNow(client)
            return closeNow(server)
        }
        let exchange = Exchange()
        let goesOn: @Sendable (ArraySlice<UInt8>, Part) -> Bool = { [weak self] bytes, part in
            guard let self else { return true }
            Thread.sleep(forTimeInterval: state.withLock { $0.delay } / .seconds(1))
            return pass(bytes, part, exchange.isAwaited)
        }
        Thread { copy(from: client, to: server) { goesOn($0, .request) } }.start()
        Thread { [weak self] in
            copy(from: server, to: client) { goesOn($0, .reply) }
            self?.state.withLock { $0.connections.subtract([client, server]) }
            usleep(10_000)  // The other thread has been woken by now, and must not read from a reused descriptor.
            closeNow(client)
            closeNow(server)
        }.start()
    }
}

/// What the two directions of a connection tell each other.
private final class Exchange: Sendable {
    let isAwaited = Mutex(false)
}

private func copy(from source: Int32, to target: Int32, while goesOn: (ArraySlice<UInt8>) -> Bool) {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = recv(source, &buffer, buffer.count, 0), count > 0 {
        guard goesOn(buffer[..<count]), send(target, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
    }
    shutdown(source, Int32(SHUT_RDWR))
    shutdown(target, Int32(SHUT_RDWR))
}

private func closeNow(_ descriptor: Int32) { close(descriptor) }

private func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    return address
}

private func withSockaddr<Value>(
    _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Value
) -> Value {
    withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

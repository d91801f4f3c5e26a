public import Logging
public import NIOCore
import Synchronization

/// Where a server listens: known once it does, and the port may have been chosen by the system.
public final class ListeningAddress: Sendable {
    private enum State {
        case unknown([CheckedContinuation<SocketAddress, any Error>])
        case known(Result<SocketAddress, any Error>)
    }

    private let state = Mutex<State>(.unknown([]))

    /// Makes an address that is not known yet.
    public init() {}

    /// Logs `listening` with the address, and tells it to those who wait. Made for `onServerRunning`.
    public func announce(_ channel: any Channel, logger: Logger) {
        guard let address = channel.localAddress else { return fail(ListeningError.noAddress) }
        let (host, port) = (address.ipAddress ?? "", address.port ?? 0)
        logger.info("listening", metadata: ["host": "\(host)", "port": "\(port)"])
        settle(.success(address))
    }

    /// Tells those who wait that there will be no address. Later than an address it changes nothing.
    public func fail(_ error: any Error) { settle(.failure(error)) }

    /// The port, as soon as the server listens. Throws what the server failed with.
    public var port: Int {
        get async throws { try await address().port ?? 0 }
    }

    /// The address, as soon as the server listens. Throws what the server failed with.
    public func address() async throws -> SocketAddress {
        try await withCheckedThrowingContinuation { continuation in
            let known: Result<SocketAddress, any Error>? = state.withLock { state in
                switch state {
                case .known(let result): return result
                case .unknown(let waiting):
                    state = .unknown(waiting + [continuation])
                    return nil
                }
            }
            if let known { continuation.resume(with: known) }
        }
    }

    private func settle(_ result: Result<SocketAddress, any Error>) {
        let waiting: [CheckedContinuation<SocketAddress, any Error>] = state.withLock { state in
            guard case .unknown(let waiting) = state else { return [] }
            state = .known(result)
            return waiting
        }
        for continuation in waiting { continuation.resume(with: result) }
    }
}

/// Why a server listens nowhere.
public enum ListeningError: Error {
    /// The server ended before it listened.
    case ended
    /// The listening socket has no address.
    case noAddress
}

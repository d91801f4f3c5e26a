import Metrics
import NIOCore
import NIOWebSocket
import Synchronization

/// Somebody who looks on: messages on their way, and how it ends.
final class LiveViewer: Sendable {
    /// Why somebody does not look on any longer.
    enum End: Sendable {
        case left, goingAway, slow, expired

        /// What the client is told.
        var code: WebSocketErrorCode {
            switch self {
            case .left: .normalClosure
            case .goingAway: .goingAway
            case .slow: .unknown(1013)
            case .expired: .policyViolation
            }
        }
    }

    private struct State {
        var end: End?
        var actions: [@Sendable (End) -> Void] = []
    }

    let caller: Caller
    let messages: AsyncStream<ByteBuffer>
    private let continuation: AsyncStream<ByteBuffer>.Continuation
    private let state = Mutex(State())

    init(_ caller: Caller, buffered: Int) {
        self.caller = caller
        (messages, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(buffered))
    }

    /// Has this called once it is over; at once where it is.
    func onEnd(_ action: @escaping @Sendable (End) -> Void) {
        let end = state.withLock { state in
            if state.end == nil { state.actions.append(action) }
            return state.end
        }
        if let end { action(end) }
    }

    /// Puts a message on its way. Where too many are, that was the last one.
    func tell(_ message: ByteBuffer) {
        if case .dropped = continuation.yield(message) { finish(.slow) }
    }

    /// Ends it, also in the middle of a message that is not taken. The first reason stays.
    func finish(_ end: End) {
        let actions = state.withLock { state in
            guard state.end == nil else { return [@Sendable (End) -> Void]() }
            state.end = end
            defer { state.actions = [] }
            return state.actions + [count]
        }
        for action in actions { action(end) }
        continuation.finish()
    }

    @Sendable private func count(_ end: End) {
        switch end {
        case .slow: LiveMetrics.dropped(.slow).increment()
        case .expired: LiveMetrics.dropped(.expired).increment()
        case .left, .goingAway: break
        }
    }
}

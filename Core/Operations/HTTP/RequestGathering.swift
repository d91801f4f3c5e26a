import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Tells the requests that have arrived in one piece from those that come as streams. Pure: no I/O.
///
/// A request is in one piece if all of it is there before the connection has nothing more to read. It is answered by
/// itself, and what follows on the connection waits. All others go on part by part.
struct RequestGathering {
    /// What is to be done with what has come.
    enum Action {
        /// Nothing yet.
        case wait
        case forward([HTTPRequestPart])
        case answer(HTTPRequest, ByteBuffer)
    }

    private enum Mode {
        case idle
        case gathering(HTTPRequest, [ByteBuffer])
        case answering
        /// Requests whose answers are not over, and whether one of them has not been read to its end.
        case streaming(unanswered: Int, isInRequest: Bool)
    }

    private var mode = Mode.idle
    private let isWanted: (HTTPRequest) -> Bool

    /// - Parameter isWanted: whether a request with this head may be answered in one piece.
    init(isWanted: @escaping (HTTPRequest) -> Bool) { self.isWanted = isWanted }

    /// Whether a request is being answered in one piece: what comes meanwhile has to wait.
    var isAnswering: Bool { if case .answering = mode { true } else { false } }

    mutating func receive(_ part: HTTPRequestPart) -> Action {
        switch (mode, part) {
        case (.idle, .head(let head)) where isWanted(head):
            mode = .gathering(head, [])
            return .wait
        case (.gathering(let head, let bodies), .body(let bytes)):
            mode = .gathering(head, bodies + [bytes])
            return .wait
        case (.gathering(let head, let bodies), .end(nil)):
            mode = .answering
            var body = bodies.first ?? ByteBuffer()
            for rest in bodies.dropFirst() { body.writeImmutableBuffer(rest) }
            return .answer(head, body)
        case (.gathering, _):
            guard case .forward(let parts) = release() else { return stream(part, after: []) }
            return stream(part, after: parts)
        default: return stream(part, after: [])
        }
    }

    /// There is nothing more to read for now: what is not complete goes on as a stream.
    mutating func release() -> Action {
        guard case .gathering(let head, let bodies) = mode else { return .wait }
        mode = .streaming(unanswered: 1, isInRequest: true)
        return .forward([.head(head)] + bodies.map { .body($0) })
    }

    /// An answer to a request that went on as a stream is over.
    mutating func streamAnswered() {
        guard case .streaming(let unanswered, let isInRequest) = mode else { return }
        settle(unanswered - 1, isInRequest)
    }

    /// The request in one piece has its answer.
    mutating func answered() { mode = .idle }

    private mutating func stream(_ part: HTTPRequestPart, after parts: [HTTPRequestPart]) -> Action {
        var (unanswered, isInRequest) = (0, false)
        if case .streaming(let before, let wasIn) = mode { (unanswered, isInRequest) = (before, wasIn) }
        switch part {
        case .head: (unanswered, isInRequest) = (unanswered + 1, true)
        case .body: break
        case .end: isInRequest = false
        }
        settle(unanswered, isInRequest)
        return .forward(parts + [part])
    }

    private mutating func settle(_ unanswered: Int, _ isInRequest: Bool) {
        let isOver = unanswered <= 0 && !isInRequest
        mode = isOver ? .idle : .streaming(unanswered: max(unanswered, 0), isInRequest: isInRequest)
    }
}

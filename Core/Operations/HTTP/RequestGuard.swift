import HTTPTypes
import NIOCore
import NIOHTTP1

/// Stands between the parser and the routes: holds a connection to its limits, refuses what the parser would let pass
/// though others read it differently, and answers for what never becomes a request.
///
/// After a refusal, and after an answer to a request that was not read to its end, nothing more is read: a request
/// that follows on the same connection is never seen.
final class RequestGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: ConnectionLimits
    private let ledger: ConnectionLedger
    private let isSurplus: Bool
    private var pace: ConnectionPace
    private var timer: Scheduled<Void>?
    /// Waits until earlier requests have been answered.
    private var refusal: ConnectionRefusal?
    private var hasRefused = false
    private var answerHasBegun = false
    private var closesAfterAnswer = false
    private var ignoresInput: Bool { refusal != nil || hasRefused || isClosing }
    private var isClosing = false

    init(limits: ConnectionLimits, ledger: ConnectionLedger, isSurplus: Bool) {
        (self.limits, self.ledger, self.isSurplus) = (limits, ledger, isSurplus)
        pace = ConnectionPace(limits: limits, now: .now)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard timer == nil else { return }
        watch(context)
        if isSurplus { refuse(.tooManyConnections, context) }
    }

    /// Bytes came, of whatever.
    func receivedBytes() { pace.receivedBytes(now: .now) }

    // MARK: what comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !ignoresInput else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            pace.receivedHead(now: .now)
            if let refusal = check(head) { return refuse(refusal, context) }
            if !head.isKeepAlive || head.headers.contains(name: "Upgrade") { closesAfterAnswer = true }
            encourage(head, context)
        case .body(let bytes): pace.receivedBody(bytes.readableBytes)
        case .end: pace.receivedEnd()
        }
        context.fireChannelRead(data)
    }

    /// What the parser takes and another server on the way may read differently.
    private func check(_ head: HTTPRequestHead) -> ConnectionRefusal? {
        let codings = head.headers["Transfer-Encoding"]
        if !codings.isEmpty {
            guard head.version == .http1_1, codings.count == 1, codings[0].lowercased() == "chunked" else {
                return .malformed
            }
        }
        let hosts = head.headers["Host"].count
        if hosts > 1 || (hosts == 0 && head.version == .http1_1) { return .malformed }
        return head.method == .CONNECT ? .notSupported : nil
    }

    /// Some clients wait to be told that they may send the body.
    private func encourage(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard pace.unanswered == 1, head.version == .http1_1,
            head.headers.first(name: "Expect")?.lowercased() == "100-continue"
        else { return }
        context.writeAndFlush(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        guard !ignoresInput else { return }
        refuse(error == .headerOverflow ? .headerTooLarge : .malformed, context)
    }

    // MARK: what goes out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if hasRefused || isClosing {
            promise?.succeed()
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            answerHasBegun = true
            if pace.isInBody && pace.unanswered == 1 { closesAfterAnswer = true }
            if closesAfterAnswer && pace.unanswered == 1 {
                head.headers.replaceOrAdd(name: "Connection", value: "close")
            }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            answerHasBegun = false
            pace.answered(now: .now)
            context.write(data, promise: promise)
            finishAnswer(context)
        default: context.write(data, promise: promise)
        }
    }

    private func finishAnswer(_ context: ChannelHandlerContext) {
        guard pace.unanswered == 0 else { return }
        if closesAfterAnswer {
            // It has been said that nothing follows: what came after the last request is not answered.
            context.flush()
            closeGently(context)
        } else if let refusal {
            self.refusal = nil
            refuse(refusal, context)
        }
    }

    // MARK: the end

    private func refuse(_ refusal: ConnectionRefusal, _ context: ChannelHandlerContext) {
        let isOfCurrent = pace.unanswered == 0 || (pace.unanswered == 1 && pace.isInBody)
        guard isOfCurrent else {
            self.refusal = refusal
            return
        }
        hasRefused = true
        ledger.count(refusal)
        if !answerHasBegun { send(refusal.problem, context) }
        // Whoever waits for the body learns that it does not come.
        if pace.unanswered == 1 { context.fireErrorCaught(HTTPParserError.closedConnection) }
        closeGently(context)
    }

    private func send(_ problem: Problem, _ context: ChannelHandlerContext) {
        let body = ByteBuffer(bytes: problem.json)
        var headers = HTTPHeaders(problem.headers.map { ($0.name.rawName, $0.value) })
        for field in ledger.refusalHeaders { headers.add(name: field.name.rawName, value: field.value) }
        headers.add(name: "Content-Type", value: "application/problem+json")
        headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        headers.add(name: "Connection", value: "close")
        let status = HTTPResponseStatus(statusCode: problem.status.code, reasonPhrase: problem.status.reasonPhrase)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Ends our half and lets the client end its own: closing at once, with unread bytes, would destroy the answer.
    private func closeGently(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        pace.closing(now: .now)
        context.close(mode: .output, promise: nil)
    }

    private func watch(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.tick)) {
            switch self.pace.verdict(now: .now) {
            case .fine: break
            case .refuse(let refusal): self.refuse(refusal, context)
            case .close: return context.close(promise: nil)
            }
            self.watch(context)
        }
    }
}

/// Tells the guard of every byte: the parser speaks only of whole heads.
final class ByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let requests: RequestGuard

    init(telling requests: RequestGuard) { self.requests = requests }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        requests.receivedBytes()
        context.fireChannelRead(data)
    }
}

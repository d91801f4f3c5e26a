import Metrics
import NIOCore
import NIOHTTPTypes
import NIOWebSocket

/// A connection after it has become a WebSocket: answers pings, sends its own, and closes.
///
/// Stands before all of HTTP's handlers. HTTP still writes the head of its answer, 101; with that everything else that
/// it may write is no longer for this connection, and what comes in never reaches it. So the request goes through all
/// middleware as any other, and no byte that follows the handshake is read as HTTP.
final class SocketHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = WebSocketFrame

    /// Bytes of a frame that a client may send: it has nothing to say but control frames, of at most 125.
    static let maximumFrameSize = 4096

    private let pace: SocketPace
    private var isOpen = false
    private var isClosing = false
    private var heardAt = NIODeadline.now()
    private var timer: RepeatedTask?

    init(pace: SocketPace) { self.pace = pace }

    /// Puts a WebSocket's handlers into a connection without TLS whose request is being answered.
    static func install(in channel: any Channel, pace: SocketPace) async throws {
        try await channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let handlers: [any ChannelHandler] = [
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: maximumFrameSize)), SocketHandler(pace: pace),
            ]
            try pipeline.addHandlers(handlers, position: .first)
        }.get()
    }

    // MARK: what goes out

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isOpen else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        isOpen = true
        context.write(data, promise: promise)
        do {
            try context.pipeline.syncOperations.addHandler(WebSocketFrameEncoder(), position: .before(self))
        } catch { return context.close(promise: nil) }
        watch(context)
    }

    /// Sends a frame; the promise is kept when the kernel has it.
    func send(_ frame: WebSocketFrame, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>? = nil) {
        guard isOpen, !isClosing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.writeAndFlush(wrapOutboundOut(frame), promise: promise)
    }

    /// Says why, and closes.
    func close(_ code: WebSocketErrorCode, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        var data = context.channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: code)
        send(WebSocketFrame(fin: true, opcode: .connectionClose, data: data), context)
        isClosing = true
        context.close(promise: nil)
    }

    // MARK: what comes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        heardAt = .now()
        guard frame.maskKey != nil else { return close(.protocolError, context) }
        switch frame.opcode {
        case .ping:
            // Who asks and does not take the answers is not waited for.
            guard context.channel.isWritable else { return context.close(promise: nil) }
            send(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData), context)
        case .connectionClose: close(.normalClosure, context)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isTooLarge = (error as? NIOWebSocketError) == .invalidFrameLength
        close(isTooLarge ? .messageTooLarge : .protocolError, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { return close(.goingAway, context) }
        if case .inputClosed? = event as? ChannelEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    /// A client that answers no ping is gone, though the kernel may not know it for hours.
    private func watch(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleRepeatedTask(initialDelay: pace.ping, delay: pace.ping) { _ in
            let (handler, context) = bound.value
            if NIODeadline.now() - handler.heardAt > handler.pace.silence {
                LiveMetrics.dropped(.silent).increment()
                return context.close(promise: nil)
            }
            handler.send(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer()), context)
        }
    }
}

/// When a client is asked whether it is there, and when it is taken for gone.
struct SocketPace: Sendable {
    var ping: TimeAmount = .seconds(20)
    var silence: TimeAmount = .seconds(50)
}

/// A WebSocket's sending end.
struct Socket: Sendable {
    let channel: any Channel

    /// Sends a text; returns when the kernel has taken it, so that one who does not read makes the sender wait.
    func send(_ text: ByteBuffer) async throws {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        onLoop(promise) { handler, context in
            handler.send(WebSocketFrame(fin: true, opcode: .text, data: text), context, promise)
        }
        try await promise.futureResult.get()
    }

    /// Says why, and closes; nothing where it is closed already.
    func close(_ code: WebSocketErrorCode) {
        onLoop(nil) { handler, context in handler.close(code, context) }
    }

    private func onLoop(
        _ promise: EventLoopPromise<Void>?, _ body: @escaping @Sendable (SocketHandler, ChannelHandlerContext) -> Void
    ) {
        let channel = channel
        channel.eventLoop.execute {
            guard let context = try? channel.pipeline.syncOperations.context(handlerType: SocketHandler.self),
                let handler = context.handler as? SocketHandler
            else {
                promise?.fail(ChannelError.ioOnClosedChannel)
                return
            }
            body(handler, context)
        }
    }
}

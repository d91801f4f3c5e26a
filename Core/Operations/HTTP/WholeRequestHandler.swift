import HTTPTypes
public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOHTTPTypes

/// Requests that are answered in one piece: the framework's streams, and the hand-overs between threads that they
/// need, cost a small request more than everything else (docs/performance.md).
public struct WholeRequests: Sendable {
    fileprivate let isWanted: @Sendable (HTTPRequest) -> Bool
    fileprivate let respond: @Sendable (Request, any Channel) async -> Response
    fileprivate let date = HTTPDate()

    /// Those of one route; the same responder answers those that come as streams.
    public init<Responder: HTTPResponder>(
        _ method: HTTPRequest.Method, _ path: String, responder: Responder, logger: Logger
    ) where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        isWanted = { head in
            // Who asks whether to send the body has not sent it.
            head.method == method && head.headerFields[.expect] == nil
                && head.path.map { $0 == path || ($0.hasPrefix(path) && $0.dropFirst(path.count).first == "?") } == true
        }
        respond = { request, channel in
            let context = Responder.Context(source: .init(channel: channel, logger: logger))
            do {
                return try await responder.respond(to: request, context: context)
            } catch {
                return Response(status: .internalServerError)
            }
        }
    }

    fileprivate func answer(
        _ head: HTTPRequest, _ body: ByteBuffer, _ channel: any Channel
    ) async -> [HTTPResponsePart] {
        var response = await respond(Request(head: head, body: RequestBody(buffer: body)), channel)
        response.headers[.date] = date.now
        let bytes = GatheredBody()
        do {
            try await response.body.write(bytes)
        } catch {
            return [.head(HTTPResponse(status: .internalServerError, headerFields: [.contentLength: "0"])), .end(nil)]
        }
        return [.head(response.head)] + bytes.buffers.map { .body($0) } + [.end(nil)]
    }
}

/// Takes a body that is made at once.
private final class GatheredBody: ResponseBodyWriter {
    private(set) var buffers: [ByteBuffer] = []

    func write(_ buffer: ByteBuffer) { buffers.append(buffer) }

    func finish(_ trailingHeaders: HTTPFields?) {}
}

/// Answers a connection's requests in one piece, and lets all others pass. One at a time: what comes while one is being
/// answered waits here, unread as far as possible.
final class WholeRequestHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum Arrival {
        case part(HTTPRequestPart)
        case event(Any)
    }

    private let requests: WholeRequests
    private var gathering: RequestGathering
    private var waiting: [Arrival] = []
    private var isReadWanted = false

    init(_ requests: WholeRequests) {
        self.requests = requests
        gathering = RequestGathering(isWanted: requests.isWanted)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        take(.part(unwrapInboundIn(data)), context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        act(gathering.release(), context)
        context.fireChannelReadComplete()
    }

    /// Also that the client has nothing more to say, or that the server is to end: an answer comes first.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) { take(.event(event), context) }

    func channelInactive(context: ChannelHandlerContext) {
        act(gathering.release(), context)
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if gathering.isAnswering { isReadWanted = true } else { context.read() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { gathering.streamAnswered() }
        context.write(data, promise: promise)
    }

    private func take(_ arrival: Arrival, _ context: ChannelHandlerContext) {
        guard !gathering.isAnswering else { return waiting.append(arrival) }
        switch arrival {
        case .part(let part): act(gathering.receive(part), context)
        case .event(let event):
            act(gathering.release(), context)
            context.fireUserInboundEventTriggered(event)
        }
    }

    private func act(_ action: RequestGathering.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .wait: break
        case .forward(let parts): for part in parts { context.fireChannelRead(wrapInboundOut(part)) }
        case .answer(let head, let body): answer(head, body, context)
        }
    }

    /// A task of its own, one a connection at most; a server that ends waits for it, since its connection is kept open.
    private func answer(_ head: HTTPRequest, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        let (channel, loop, requests) = (context.channel, context.eventLoop, requests)
        let this = NIOLoopBound((handler: self, context: context), eventLoop: loop)
        Task {
            let parts = await requests.answer(head, body, channel)
            loop.execute { this.value.handler.send(parts, this.value.context) }
        }
    }

    private func send(_ parts: [HTTPResponsePart], _ context: ChannelHandlerContext) {
        for part in parts { context.write(wrapOutboundOut(part), promise: nil) }
        context.flush()
        gathering.answered()
        goOn(context)
    }

    /// Takes what has come meanwhile.
    private func goOn(_ context: ChannelHandlerContext) {
        let arrivals = waiting
        waiting = []
        for arrival in arrivals { take(arrival, context) }
        if !gathering.isAnswering { act(gathering.release(), context) }
        // Streams are handed on when a reading is over.
        if !arrivals.isEmpty { context.fireChannelReadComplete() }
        if isReadWanted && !gathering.isAnswering {
            isReadWanted = false
            context.read()
        }
    }
}

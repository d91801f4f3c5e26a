import NIOCore
import NIOHTTP1
import NIOPosix

/// SwiftNIO's HTTP/1 codec and one handler, without tasks: the least that a Swift server costs.
func serveByNIO(port: Int) async throws {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.backlog, value: 2048)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                try channel.pipeline.syncOperations.addHandler(NullHandler())
            }
        }
        .bind(host: "127.0.0.1", port: port).get()
    try await server.closeFuture.get()
}

private final class NullHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private var body = ByteBuffer()
    private var isReadiness = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            body.clear()
            isReadiness = head.method == .GET
        case .body(var part): body.writeBuffer(&part)
        case .end:
            let headers: HTTPHeaders = [
                "Content-Type": "application/json", "Content-Length": String(answer.readableBytes),
            ]
            let head = HTTPResponseHead(version: .http1_1, status: isReadiness ? .ok : .accepted, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(answer))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}

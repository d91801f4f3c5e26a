import HTTPTypes
import Hummingbird
import NIOCore
import Operations

/// `GET /api/analytics/live`: becomes a WebSocket.
struct LiveController: Sendable {
    let hub: LiveHub?

    func live(_ request: Request, _ context: DashboardContext) async throws -> Response {
        guard let hub else {
            throw Problem(
                .serviceUnavailable, code: "live_unavailable",
                detail: "this dashboard follows no log: it needs KAFKA_BOOTSTRAP_SERVERS")
        }
        let headers = try Handshake.answer(request.head, origins: hub.limits.origins)
        let viewer = try hub.join(context.caller)
        let channel = context.channel
        channel.closeFuture.whenComplete { _ in viewer.finish(.left) }
        do {
            try await SocketHandler.install(in: channel, pace: hub.limits.pace)
        } catch {
            viewer.finish(.left)
            throw error
        }
        return Response(
            status: .switchingProtocols, headers: headers, body: ResponseBody { _ in await Self.serve(viewer, channel) }
        )
    }

    /// One message after the other, at the pace of who takes them; then the connection ends.
    private static func serve(_ viewer: LiveViewer, _ channel: any Channel) async {
        let socket = Socket(channel: channel)
        viewer.onEnd { socket.close($0.code) }
        do {
            for await message in viewer.messages { try await socket.send(message) }
        } catch {
            // The connection is gone, or on its way to that.
        }
        viewer.finish(.left)
        try? await channel.closeFuture.get()
    }
}

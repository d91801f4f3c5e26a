import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Operations
import ServiceLifecycle
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Collector
@testable import StoreModels

/// Requests that are answered in one piece, on real connections.
struct WholeRequestTests {
    private static func post(_ body: String, to path: String = "/v1/events") -> [UInt8] {
        Array("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    /// A server that is told to end gives the answers that are due, though the connection looks idle to the framework;
    /// so does one whose client has nothing more to say.
    @Test(arguments: [false, true])
    func anAnswerUnderWayIsGiven(isServerEnding: Bool) async throws {
        let entered = Mutex(0)
        let open = Mutex(false)
        let responder = CallbackResponder { (request: Request, _: BasicRequestContext) in
            entered.withLock { $0 += 1 }
            while !open.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(2)) }
            return Response(status: .ok)
        }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let listening = ListeningAddress()
        let application = Application(
            responder: responder,
            server: .guarded(
                limits: ConnectionLimits(),
                whole: WholeRequests(.post, "/v1/events", responder: responder, logger: logger)),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { [logger] in listening.announce($0, logger: logger) }, logger: logger)
        let group = ServiceGroup(configuration: .init(services: [application], logger: logger))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            defer { tasks.cancelAll() }
            let server = SocketServer(port: try await listening.port, log: EventLogModel())
            async let exchange = server.exchange(
                Self.post("x") + (isServerEnding ? [] : Self.post("y", to: "/v1/other")), halfClose: !isServerEnding)
            try await eventually("a request is there") { entered.withLock { $0 } == 1 }
            if isServerEnding {
                await group.triggerGracefulShutdown()
                try await eventually("nobody listens") {
                    guard let descriptor = connectedSocket(to: server.port) else { return true }
                    close(descriptor)
                    return false
                }
            }
            open.withLock { $0 = true }
            #expect(try await exchange.statuses == (isServerEnding ? [200] : [200, 200]))
            #expect(try await exchange.isClosed)
            if !isServerEnding { await group.triggerGracefulShutdown() }
            try await tasks.waitForAll()
        }
    }

    /// However a request is cut, it gets the same answer, in order, and reaches the log once.
    @Test func howeverARequestIsCut() async throws {
        let events = (0..<6).map { requestText(user: "u\($0)") }
        let bytes = events.flatMap { Self.post($0) }
        try await SocketServer.with { server in
            for size in [1, 7, 64, 190, 500, bytes.count] {
                let before = server.users.count
                let exchange = try await server.converse { connection in
                    for start in stride(from: 0, to: bytes.count, by: size) {
                        connection.send(Array(bytes[start..<min(start + size, bytes.count)]))
                    }
                    shutdown(connection.descriptor, Int32(SHUT_WR))
                }
                #expect(exchange.statuses == Array(repeating: 202, count: 6), "pieces of \(size) bytes")
                #expect(server.users.dropFirst(before) == (0..<6).map { "u\($0)" }[...], "pieces of \(size) bytes")
            }
        }
    }

    private func requestText(user: String) -> String {
        #"{"userId":"\#(user)","eventType":"visit","timestamp":"2025-05-01T12:00:00Z"}"#
    }
}

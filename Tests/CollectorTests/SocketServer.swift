import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import Operations
import ServiceLifecycle
import Stores
import TestSupport
import Testing

@testable import Collector
@testable import StoreModels

/// A collector that listens, for what only bytes on a socket can show.
struct SocketServer: Sendable {
    let port: Int
    let log: EventLogModel

    /// Runs a server for as long as `body` does.
    static func with(
        connections: ConnectionLimits = ConnectionLimits(), limits: CollectorLimits = CollectorLimits(),
        tls: TLSFiles? = nil, _ body: @Sendable (SocketServer) async throws -> Void
    ) async throws {
        let (log, listening) = (EventLogModel(), ListeningAddress())
        let router = Router(context: CollectorContext.self)
        router.add(middleware: ProblemMiddleware())
        addCollectorRoutes(
            to: router, log: log, keys: WriteKeys([:]), durability: "kafka", limits: limits, now: { noon })
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let responder = router.buildResponder()
        let application = Application(
            responder: responder,
            server: .guarded(
                limits: connections, tls: tls, refusalHeaders: AllowedOrigins().refusalHeaders,
                whole: WholeRequests(.post, "/v1/events", responder: responder, logger: logger)),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { [logger] in listening.announce($0, logger: logger) }, logger: logger)
        let group = ServiceGroup(configuration: .init(services: [application], logger: logger))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            defer { tasks.cancelAll() }
            try await body(SocketServer(port: try await listening.port, log: log))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// The users of the events in the log.
    var users: [String] {
        log.records(of: .userEvents).map { String(decoding: $0.key ?? [], as: UTF8.self) }
    }

    /// Sends bytes and reads until the server closes or `patience` is over.
    func exchange(_ bytes: [UInt8], halfClose: Bool = false, patience: Duration = .seconds(20)) async throws -> Exchange
    {
        try await converse(patience: patience) { connection in
            connection.send(bytes)
            if halfClose { shutdown(connection.descriptor, Int32(SHUT_WR)) }
        }
    }

    /// Lets `talk` send on a thread of its own, and reads what comes until the end.
    func converse(
        patience: Duration = .seconds(20), _ talk: @escaping @Sendable (RawConnection) -> Void
    ) async throws -> Exchange {
        let port = port
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try RawConnection.run(port: port, patience: patience, talk) })
            }
        }
    }
}

/// What came back on a connection.
struct Exchange: Sendable {
    let text: String
    /// Whether the server ended the connection.
    let isClosed: Bool

    /// The status of each answer.
    var statuses: [Int] {
        text.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
    }
}

/// A blocking TCP connection.
struct RawConnection: Sendable {
    let descriptor: Int32

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Waits until there is something to read.
    func waitForBytes() {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&waiting, 1, 20_000)
    }

    static func run(
        port: Int, patience: Duration, _ talk: @escaping @Sendable (RawConnection) -> Void
    ) throws -> Exchange {
        let descriptor = try #require(connectedSocket(to: port))
        defer { close(descriptor) }
        let connection = RawConnection(descriptor: descriptor)
        talk(connection)
        return connection.readAll(patience: patience)
    }

    private func readAll(patience: Duration) -> Exchange {
        let deadline = ContinuousClock.now + patience
        var (bytes, buffer, isClosed) = ([UInt8](), [UInt8](repeating: 0, count: 65_536), false)
        while true {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            guard left > 0, poll(&waiting, 1, Int32(left)) > 0 else { break }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            isClosed = count <= 0
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return Exchange(text: String(decoding: bytes, as: UTF8.self), isClosed: isClosed)
    }
}

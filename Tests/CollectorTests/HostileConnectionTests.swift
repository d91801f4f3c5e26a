import Foundation
import Operations
import Testing

@testable import Collector

/// Connections that cost more than they bring.
struct HostileConnectionTests {
    private let event = "{\"userId\":\"u1\",\"eventType\":\"a\"}"
    private let start = "POST /v1/events HTTP/1.1\r\nHost: x\r\n"

    private var quick: ConnectionLimits {
        var limits = ConnectionLimits()
        (limits.headTimeout, limits.idleTimeout) = (.milliseconds(300), .milliseconds(300))
        (limits.bodyTimeout, limits.bodyGrace, limits.closeTimeout) = (
            .seconds(2), .milliseconds(400), .milliseconds(300)
        )
        return limits
    }

    @Test func tooManyHeadersAndTooLargeOnes() async throws {
        let many = (0..<10_000).map { "X-\($0): a\r\n" }.joined()
        let large = "X-A: \(String(repeating: "a", count: 200_000))\r\n"
        try await SocketServer.with { server in
            let address = "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\nHost: x\r\n\r\n"
            for head in [start + many + "\r\n", start + large + "\r\n", start + many, address] {
                let exchange = try await server.exchange(Array(head.utf8))
                #expect(exchange.statuses == [431] && exchange.isClosed, "\(exchange.text.prefix(200))")
                #expect(exchange.text.contains("application/problem+json"))
            }
        }
    }

    @Test func headsThatDoNotCome() async throws {
        try await SocketServer.with(connections: quick) { server in
            #expect(try await server.exchange([]).isClosed, "nothing was ever sent: nothing is answered")
            for head in ["P", start, start + "Content-Le"] {
                let exchange = try await server.exchange(Array(head.utf8))
                #expect(exchange.statuses == [408] && exchange.isClosed, "\(exchange.text)")
            }
        }
    }

    /// One byte now and then keeps nothing alive.
    @Test func headsAndBodiesThatDrip() async throws {
        let (head, body) = (start, start + "Content-Length: 100000\r\n\r\n")
        try await SocketServer.with(connections: quick) { server in
            for (beginning, code) in [(head, "slow_head"), (body, "slow_body")] {
                let exchange = try await server.converse { connection in
                    connection.send(beginning)
                    for _ in 0..<60 {
                        connection.send("a")
                        usleep(20_000)
                    }
                }
                #expect(exchange.statuses == [408] && exchange.isClosed, "\(exchange.text)")
                #expect(exchange.text.contains(code))
            }
            #expect(server.users.isEmpty)
        }
    }

    /// A body that is quick enough, but without end within its time.
    @Test func bodiesHaveADeadline() async throws {
        var limits = quick
        (limits.bodyRate, limits.bodyTimeout) = (0, .milliseconds(600))
        let beginning = start + "Content-Length: 100000\r\n\r\n"
        try await SocketServer.with(connections: limits) { server in
            let exchange = try await server.exchange(Array(beginning.utf8))
            #expect(exchange.statuses == [408] && exchange.isClosed)
        }
    }

    @Test func idleConnectionsAreClosedSilently() async throws {
        let request = start + "Content-Length: \(event.utf8.count)\r\n\r\n" + event
        try await SocketServer.with(connections: quick) { server in
            let exchange = try await server.exchange(Array(request.utf8))
            #expect(exchange.statuses == [202] && exchange.isClosed)
        }
    }

    @Test func halfClosedConnections() async throws {
        let whole = start + "Content-Length: \(event.utf8.count)\r\n\r\n" + event
        let lines =
            start + "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n\(event)\n\r\n"
        try await SocketServer.with { server in
            let answered = try await server.exchange(Array(whole.utf8), halfClose: true)
            #expect(answered.statuses == [202] && answered.isClosed)
            for part in [String(whole.dropLast(5)), lines, start] {
                let exchange = try await server.exchange(Array(part.utf8), halfClose: true)
                #expect(exchange.statuses == [400] && exchange.isClosed, "\(exchange.text)")
            }
            #expect(server.users.count == 1, "of a body that ends early nothing is taken")
        }
    }

    @Test func surplusConnectionsAreToldSo() async throws {
        var limits = ConnectionLimits()
        limits.connections = 1
        let request = Array((start + "Content-Length: \(event.utf8.count)\r\n\r\n" + event).utf8)
        try await SocketServer.with(connections: limits) { server in
            let port = server.port
            let holding = try await server.converse(patience: .milliseconds(200)) { connection in
                connection.send(request)
                connection.waitForBytes()
                let second = try? RawConnection.run(port: port, patience: .seconds(20)) { $0.send(request) }
                #expect(second?.statuses == [503] && second?.isClosed == true, "\(second?.text ?? "")")
                #expect(second?.text.lowercased().contains("retry-after: 5") == true)
            }
            #expect(holding.statuses == [202])
        }
    }

    /// The answer arrives although the client is still sending, and nothing after it is read.
    @Test func anAnswerBeforeTheBodysEndIsNotLost() async throws {
        let size = 8 << 20
        let head = start + "Content-Length: \(size)\r\n\r\n"
        let pipelined = start + "Content-Length: \(event.utf8.count)\r\n\r\n" + event
        try await SocketServer.with { server in
            let exchange = try await server.exchange(
                Array(head.utf8) + [UInt8](repeating: 0x20, count: size) + Array(pipelined.utf8))
            #expect(exchange.statuses == [413] && exchange.isClosed, "\(exchange.text)")
            #expect(exchange.text.lowercased().contains("connection: close"))
            let chunked = try await server.exchange(
                Array((start + "Transfer-Encoding: chunked\r\n\r\n200000\r\n").utf8)
                    + [UInt8](repeating: 0x20, count: 0x200000) + Array("\r\n0\r\n\r\n".utf8))
            #expect(chunked.statuses == [413])
            #expect(server.users.isEmpty)
        }
    }
}

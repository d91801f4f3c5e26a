import Operations
import Testing

@testable import Collector

/// Requests that two servers on a way could read as different ones: refused with 400 and the connection closed, so
/// that what follows is never taken for a request.
struct SmugglingTests {
    private static let event = "{\"userId\":\"u1\",\"eventType\":\"a\"}"
    private static let start = "POST /v1/events HTTP/1.1\r\nHost: x\r\n"
    private static let length = "Content-Length: \(event.utf8.count)\r\n"
    private static let chunk = "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n0\r\n\r\n"
    private static let chunked = "Transfer-Encoding: chunked\r\n\r\n"

    private static let shapes: [(name: String, bytes: String)] = [
        ("two equal lengths", start + length + length + "\r\n" + event),
        ("two lengths", start + length + "Content-Length: 5\r\n\r\n" + event),
        ("a list of lengths", start + "Content-Length: 31, 31\r\n\r\n" + event),
        ("a signed length", start + "Content-Length: +31\r\n\r\n" + event),
        ("a negative length", start + "Content-Length: -1\r\n\r\n" + event),
        ("a hexadecimal length", start + "Content-Length: 0x1f\r\n\r\n" + event),
        ("an endless length", start + "Content-Length: 99999999999999999999\r\n\r\n" + event),
        ("length and chunked", start + length + chunked + chunk),
        ("chunked and length", start + "Transfer-Encoding: chunked\r\n" + length + "\r\n" + chunk),
        ("another coding first", start + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunk),
        ("chunked not last", start + "Transfer-Encoding: chunked, identity\r\n\r\n" + chunk),
        ("chunked twice", start + "Transfer-Encoding: chunked\r\n" + chunked + chunk),
        ("nearly chunked", start + "Transfer-Encoding: xchunked\r\n\r\n" + chunk),
        ("a control character before chunked", start + "Transfer-Encoding: \u{0B}chunked\r\n\r\n" + chunk),
        ("a space before the colon", start + "Transfer-Encoding : chunked\r\n\r\n" + chunk),
        ("chunked in HTTP/1.0", "POST /v1/events HTTP/1.0\r\nHost: x\r\n" + chunked + chunk),
        ("bare line feeds", (start + length + "\r\n").replacing("\r\n", with: "\n") + event),
        ("one bare line feed", "POST /v1/events HTTP/1.1\r\nHost: x\nX-A: b\r\n" + length + "\r\n" + event),
        ("a bare line feed at the end", start + length + "\n" + event),
        ("a bare carriage return", start + "X-A: b\rX-B: c\r\n" + length + "\r\n" + event),
        ("a folded header", start + "X-A: b\r\n c\r\n" + length + "\r\n" + event),
        ("a folded coding", start + "Transfer-Encoding:\r\n chunked\r\n" + length + "\r\n" + event),
        ("a NUL in a header", start + "X-A: b\0c\r\n" + length + "\r\n" + event),
        ("no host", "POST /v1/events HTTP/1.1\r\n" + length + "\r\n" + event),
        ("two hosts", start + "Host: y\r\n" + length + "\r\n" + event),
        ("a bare line feed in a chunk's head", start + chunked + "1f\n\(event)\r\n0\r\n\r\n"),
        ("a bare line feed after a chunk", start + chunked + "1f\r\n\(event)\n0\r\n\r\n"),
        ("a space after a chunk's size", start + chunked + "1f \r\n\(event)\r\n0\r\n\r\n"),
        ("a prefixed chunk's size", start + chunked + "0x1f\r\n\(event)\r\n0\r\n\r\n"),
        ("a negative chunk's size", start + chunked + "-1f\r\n\(event)\r\n0\r\n\r\n"),
        ("an endless chunk's size", start + chunked + "fffffffffffffffff\r\n\(event)\r\n0\r\n\r\n"),
        ("too small a chunk's size", start + chunked + "10\r\n\(event)\r\n0\r\n\r\n"),
        ("a line feed in an extension", start + chunked + "1f;\n\(event)\r\n0\r\n\r\n"),
        ("a length in a trailer", start + chunked + "1f\r\n\(event)\r\n0\r\nContent-Length: 5\r\n\r\n"),
        ("a space in a name", start + "X A: b\r\n" + length + "\r\n" + event),
        ("an empty name", start + ": b\r\n" + length + "\r\n" + event),
        ("another version", "POST /v1/events HTTP/1.2\r\nHost: x\r\n" + length + "\r\n" + event),
        ("no version", "GET /v1/pixel.gif?userId=u1&eventType=a\r\n\r\n"),
        ("TLS where there is none", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\r\n\r\n"),
    ]

    /// After each comes a whole request that nobody may see.
    @Test func eachIsRefusedAndNothingAfterItIsSeen() async throws {
        try await SocketServer.with { server in
            for (name, bytes) in Self.shapes {
                let followed = bytes + Self.start + Self.length + "\r\n" + Self.event.replacing("u1", with: "u2")
                let exchange = try await server.exchange(Array(followed.utf8))
                #expect(exchange.statuses == [400], "\(name): \(exchange.text)")
                #expect(exchange.isClosed, "\(name)")
                #expect(exchange.text.contains("application/problem+json"), "\(name)")
                #expect(exchange.text.lowercased().contains("access-control-allow-origin: *"), "\(name)")
            }
            #expect(server.users.isEmpty)
        }
    }

    @Test func whatIsWellFormedIsTakenOnOneConnection() async throws {
        let requests = [
            Self.start + Self.length + "\r\n" + Self.event, Self.start + Self.chunked + Self.chunk,
            Self.start + Self.chunked + "1f;a=b\r\n\(Self.event)\r\n0\r\nX-T: a\r\n\r\n",
            Self.start + "Expect: 100-continue\r\nConnection: close\r\n" + Self.length + "\r\n" + Self.event,
        ]
        try await SocketServer.with { server in
            let exchange = try await server.exchange(Array(requests.joined().utf8))
            #expect(exchange.statuses.filter { $0 != 100 } == [202, 202, 202, 202], "\(exchange.text)")
            #expect(exchange.isClosed)
            #expect(server.users.count == 4)
        }
    }

    /// The client itself said that it is the last.
    @Test func nothingIsReadBehindTheLastRequest() async throws {
        let rest = Self.length + "\r\n" + Self.event
        try await SocketServer.with { server in
            for last in [Self.start + "Connection: close\r\n" + rest, "POST /v1/events HTTP/1.0\r\n" + rest] {
                for behind in [Self.start + rest, "BROKEN\r\n\r\n", " "] {
                    let exchange = try await server.exchange(Array((last + behind).utf8))
                    #expect(exchange.statuses == [202] && exchange.isClosed, "\(exchange.text)")
                }
            }
            #expect(server.users.count == 6)
        }
    }

    /// Earlier answers come first, then the refusal.
    @Test func aBrokenRequestBehindGoodOnesSpoilsOnlyItself() async throws {
        let good = Self.start + Self.length + "\r\n" + Self.event
        try await SocketServer.with { server in
            let exchange = try await server.exchange(Array((good + good + "BROKEN\r\n\r\n" + good).utf8))
            #expect(exchange.statuses == [202, 202, 400], "\(exchange.text)")
            #expect(exchange.isClosed)
            #expect(server.users.count == 2)
        }
    }

    /// The parser stops at these; the connection must not be left hanging.
    @Test func tunnelsAndUpgradesEndTheConnection() async throws {
        let good = Self.start + Self.length + "\r\n" + Self.event
        let upgrade = Self.start + "Connection: Upgrade\r\nUpgrade: h2c\r\n" + Self.length + "\r\n" + Self.event
        try await SocketServer.with { server in
            let tunnel = try await server.exchange(Array(("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n" + good).utf8))
            #expect(tunnel.statuses == [501] && tunnel.isClosed)
            let upgraded = try await server.exchange(Array((upgrade + good).utf8))
            #expect(upgraded.statuses == [202] && upgraded.isClosed, "\(upgraded.text)")
            #expect(server.users.count == 1)
        }
    }
}

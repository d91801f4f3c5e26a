import HTTPTypes

/// What a server takes of connections and of requests before they reach a route.
public struct ConnectionLimits: Sendable {
    /// Connections at once; one more is answered 503 and closed.
    public var connections = 10_000
    /// Header fields of a request.
    public var headerCount = 100
    /// Bytes of the request line and of all header fields.
    public var headerSize = 32 << 10
    /// From a request's first byte to the end of its head; also from connecting to the first byte.
    public var headTimeout: Duration = .seconds(10)
    /// From the end of the head to the end of the body.
    public var bodyTimeout: Duration = .seconds(60)
    /// Bytes of a body a second, on average, once `bodyGrace` is over.
    public var bodyRate = 1024
    /// How long a body may be slower than `bodyRate`.
    public var bodyGrace: Duration = .seconds(5)
    /// Between two requests on a connection.
    public var idleTimeout: Duration = .seconds(75)
    /// Until the client has taken an answer, or has closed a connection on which everything has been said.
    public var closeTimeout: Duration = .seconds(5)

    /// Limits that suit a server on the internet.
    public init() {}

    /// How often a connection is looked at.
    var tick: Duration {
        min(.seconds(1), min(headTimeout, bodyGrace, min(idleTimeout, bodyTimeout, closeTimeout)) / 4)
    }
}

/// Why a connection is closed without its request having reached a route. Bounded: it is a metric label.
enum ConnectionRefusal: String, CaseIterable {
    case tooManyConnections = "too_many_connections"
    case malformed = "malformed_request"
    case headerTooLarge = "header_too_large"
    case slowHead = "slow_head"
    case slowBody = "slow_body"
    case notSupported = "not_supported"

    /// What the client is told.
    var problem: Problem {
        switch self {
        case .tooManyConnections:
            Problem(
                .serviceUnavailable, code: rawValue, detail: "too many connections; come back later",
                headers: [.retryAfter: "5"])
        case .malformed: Problem(.badRequest, code: rawValue, detail: "the request is not well-formed HTTP/1.1")
        case .headerTooLarge:
            Problem(
                .init(code: 431, reasonPhrase: "Request Header Fields Too Large"), code: rawValue,
                detail: "the request has too many header fields, or too large ones")
        case .slowHead:
            Problem(.requestTimeout, code: rawValue, detail: "the head of the request did not arrive in time")
        case .slowBody:
            Problem(.requestTimeout, code: rawValue, detail: "the body of the request did not arrive in time")
        case .notSupported: Problem(.notImplemented, code: rawValue, detail: "CONNECT is not supported here")
        }
    }
}

/// What the collector takes at most.
public struct CollectorLimits: Sendable {
    /// Bytes of a request's body as it is sent.
    public var bodySize = 1 << 20
    /// Bytes of a request's body when inflated.
    public var inflatedSize = 10 << 20
    /// Events of a request.
    public var events = 1000
    /// Bytes of an event with its headers in the log: what every log takes, with room for a dead letter's headers.
    public var recordSize = 900_000
    /// Requests whose bodies have been read and that are not answered yet.
    public var requestsInFlight = 1024
    /// Bytes of bodies in memory, of all requests.
    public var bufferedBytes = 64 << 20

    /// The contract's limits.
    public init() {}
}

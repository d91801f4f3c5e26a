/// How far a connection is, and whether it takes too long. Pure: no I/O, no clock of its own.
struct ConnectionPace {
    typealias Instant = ContinuousClock.Instant

    /// What is to be done with a connection.
    enum Verdict: Equatable {
        case fine
        case refuse(ConnectionRefusal)
        case close
    }

    private enum Reading {
        case nothing
        case head(since: Instant)
        case body(since: Instant, bytes: Int)
    }

    private let limits: ConnectionLimits
    private var reading = Reading.nothing
    private var quietSince: Instant
    private var hasHadRequest = false
    private var closingSince: Instant?
    /// Requests whose head has been read and whose answer is not written yet.
    private(set) var unanswered = 0

    init(limits: ConnectionLimits, now: Instant) {
        (self.limits, quietSince) = (limits, now)
    }

    /// Whether a request's body has not been read to its end.
    var isInBody: Bool { if case .body = reading { true } else { false } }

    mutating func receivedBytes(now: Instant) {
        // Of what is sent ahead, nothing is asked: it waits for us.
        if case .nothing = reading, unanswered == 0 { reading = .head(since: now) }
    }

    mutating func receivedHead(now: Instant) {
        reading = .body(since: now, bytes: 0)
        unanswered += 1
        hasHadRequest = true
    }

    mutating func receivedBody(_ count: Int) {
        if case .body(let since, let bytes) = reading { reading = .body(since: since, bytes: bytes + count) }
    }

    mutating func receivedEnd() { reading = .nothing }

    mutating func answered(now: Instant) {
        unanswered -= 1
        quietSince = now
    }

    /// All has been said: the client has `closeTimeout` to take it and to close.
    mutating func closing(now: Instant) { closingSince = closingSince ?? now }

    func verdict(now: Instant) -> Verdict {
        if let closingSince { return now - closingSince > limits.closeTimeout ? .close : .fine }
        switch reading {
        case .head(let since): return now - since > limits.headTimeout ? .refuse(.slowHead) : .fine
        // While an earlier request is being answered, it is we who do not read.
        case .body(let since, let bytes): return unanswered == 1 ? verdict(ofBody: bytes, after: now - since) : .fine
        case .nothing:
            let patience = hasHadRequest ? limits.idleTimeout : limits.headTimeout
            return unanswered == 0 && now - quietSince > patience ? .close : .fine
        }
    }

    private func verdict(ofBody bytes: Int, after time: Duration) -> Verdict {
        let needed = Double(limits.bodyRate) * (time / .seconds(1))
        let isSlow = time > limits.bodyGrace && Double(bytes) < needed
        return isSlow || time > limits.bodyTimeout ? .refuse(.slowBody) : .fine
    }
}

import Testing

@testable import Operations

/// Who is slow and who only waits for us.
struct ConnectionPaceTests {
    private let start = ContinuousClock.now
    private let limits = ConnectionLimits()

    private func pace() -> ConnectionPace { ConnectionPace(limits: limits, now: start) }

    @Test func aSilentConnectionIsClosedSoonerBeforeItsFirstRequest() {
        var pace = pace()
        #expect(pace.verdict(now: start + limits.headTimeout) == .fine)
        #expect(pace.verdict(now: start + limits.headTimeout + .milliseconds(1)) == .close)
        pace.receivedBytes(now: start)
        pace.receivedHead(now: start)
        pace.receivedEnd()
        pace.answered(now: start)
        #expect(pace.verdict(now: start + limits.idleTimeout) == .fine)
        #expect(pace.verdict(now: start + limits.idleTimeout + .milliseconds(1)) == .close)
    }

    @Test func aHeadHasADeadlineThatBytesDoNotMove() {
        var pace = pace()
        for second in 0..<10 { pace.receivedBytes(now: start + .seconds(second)) }
        #expect(pace.verdict(now: start + limits.headTimeout) == .fine)
        #expect(pace.verdict(now: start + limits.headTimeout + .milliseconds(1)) == .refuse(.slowHead))
    }

    @Test func aBodyHasARateAndADeadline() {
        var pace = pace()
        pace.receivedHead(now: start)
        #expect(pace.verdict(now: start + limits.bodyGrace) == .fine)
        #expect(pace.verdict(now: start + .seconds(6)) == .refuse(.slowBody))
        pace.receivedBody(6 * 1024)
        #expect(pace.verdict(now: start + .seconds(6)) == .fine)
        #expect(pace.verdict(now: start + .seconds(7)) == .refuse(.slowBody))
        pace.receivedBody(1 << 20)
        #expect(pace.verdict(now: start + limits.bodyTimeout) == .fine)
        #expect(pace.verdict(now: start + limits.bodyTimeout + .milliseconds(1)) == .refuse(.slowBody))
        pace.receivedEnd()
        #expect(pace.verdict(now: start + .seconds(3600)) == .fine, "it is we who have not answered")
    }

    @Test func whatIsSentAheadIsNotSlow() {
        var pace = pace()
        for _ in 0..<2 {
            pace.receivedBytes(now: start)
            pace.receivedHead(now: start)
        }
        #expect(pace.isInBody && pace.unanswered == 2)
        #expect(pace.verdict(now: start + .seconds(3600)) == .fine)
    }

    @Test func whoDoesNotTakeTheAnswerIsClosed() {
        var pace = pace()
        pace.receivedHead(now: start)
        pace.closing(now: start)
        pace.closing(now: start + .seconds(4))
        #expect(pace.verdict(now: start + limits.closeTimeout) == .fine)
        #expect(pace.verdict(now: start + limits.closeTimeout + .milliseconds(1)) == .close)
    }
}

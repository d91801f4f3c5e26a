import Operations
import Testing

@testable import DashboardAPI

/// How often somebody may ask, over a socket.
struct SubjectLimitTests {
    @Test func aBearersRequestsAreLimited() async throws {
        let (key, clock) = (try await TestKey.ellipticCurve("k"), TestClock())
        let limit = SubjectLimit(BucketRule(interval: 1_000_000_000, burst: 3), tableSize: 1_024) {
            clock.milliseconds * 1_000_000
        }
        try await TestDashboard.with(try jwks([key]), limit: limit) { dashboard in
            // Whichever token they have.
            for left in [2, 1, 0] {
                let answer = try await dashboard.ask(try key.token(claims: ["jti": left]))
                #expect(answer.status == 200)
                #expect(
                    answer.header("RateLimit-Policy") == #""subject";q=3;qu="requests";w=3"#)
                #expect(answer.header("RateLimit")?.hasPrefix(#""subject";r=\#(left);"#) == true)
                #expect(answer.header("Retry-After") == nil)
            }
            let refused = try await dashboard.ask(try key.token())
            #expect(refused.status == 429 && refused.code == "subject_rate_limited")
            #expect(refused.header("Retry-After") == "1")
            #expect(refused.header("RateLimit") == #""subject";r=0;t=1"#)
            #expect(try await dashboard.ask(try key.token(claims: ["sub": "ben"])).status == 200, "somebody else")
            clock.advance(by: .seconds(1))
            #expect(try await dashboard.ask(try key.token()).status == 200)
        }
    }
}

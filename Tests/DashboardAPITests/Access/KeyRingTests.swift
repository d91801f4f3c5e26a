import Events
import Foundation
import Synchronization
import Testing

@testable import DashboardAPI

/// Keys that change, and an issuer that is away, over sockets.
struct KeyRingTests {
    @Test func whileTheIssuerIsDownKnownKeysDo() async throws {
        let (old, new) = (try await TestKey.ellipticCurve("old"), try await TestKey.ellipticCurve("new"))
        try await TestDashboard.with(try jwks([old])) { dashboard in
            let token = try old.token()
            #expect(try await dashboard.ask(token).status == 200)
            dashboard.issuer.setDown(true)
            dashboard.clock.advance(by: .seconds(3000))
            #expect(try await dashboard.ask(token).status == 200)
            #expect(try await dashboard.ask(try old.token(claims: ["jti": "other"])).status == 200)
            await #expect(throws: (any Error).self) { try await dashboard.keys.read() }
            #expect(try await dashboard.ask(try old.token(claims: ["jti": "third"])).status == 200)
            #expect(try await dashboard.ask(try new.token()).code == "unknown_key")
        }
    }

    @Test func beforeAnyKeyIsKnownNobodyIsRefused() async throws {
        let key = try await TestKey.ellipticCurve("k")
        try await TestDashboard.with(try jwks([key])) { dashboard in
            dashboard.issuer.setDown(true)
            let answer = try await dashboard.ask(try key.token())
            #expect(answer.status == 503 && answer.code == "keys_unavailable")
            #expect(answer.header("Retry-After") == "5")
            dashboard.issuer.setDown(false)
            dashboard.clock.advance(by: .seconds(1))
            #expect(try await dashboard.ask(try key.token()).status == 200)
        }
    }

    /// One question to the issuer for a name that is not known, then none until the cooldown is over.
    @Test func unknownNamesAreAskedForSeldom() async throws {
        let (old, new) = (try await TestKey.ellipticCurve("old"), try await TestKey.ellipticCurve("new"))
        try await TestDashboard.with(try jwks([old])) { dashboard in
            #expect(try await dashboard.ask(try old.token()).status == 200)
            dashboard.clock.advance(by: .seconds(60))
            for number in 0..<20 {
                let made = try old.token(header: ["kid": "made-up-\(number)"])
                #expect(try await dashboard.ask(made).code == "unknown_key")
            }
            #expect(dashboard.issuer.requests == 2)
            dashboard.issuer.publish(try jwks([new]))
            #expect(try await dashboard.ask(try new.token()).code == "unknown_key", "too soon")
            dashboard.clock.advance(by: .seconds(60))
            #expect(try await dashboard.ask(try new.token()).status == 200)
            #expect(dashboard.issuer.requests == 3)
            // What was withdrawn is known no more, though it was verified before.
            #expect(try await dashboard.ask(try old.token()).code == "unknown_key")
            #expect(dashboard.issuer.requests == 3)
        }
    }

    @Test func manyAtOnceAreOneQuestion() async throws {
        let key = try await TestKey.ellipticCurve("k")
        let asked = Counted()
        let json = try jwks([key])
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let ring = KeyRing(
            source: KeySource(name: "test") {
                asked.count.add(1, ordering: .relaxed)
                for await _ in gate { break }
                return json
            }, cooldown: .seconds(60), logger: quietLogger)
        try await withThrowingTaskGroup { tasks in
            for _ in 0..<50 { tasks.addTask { _ = try await ring.key("k") } }
            while asked.count.load(ordering: .relaxed) == 0 { await Task.yield() }
            open.yield()
            try await tasks.waitForAll()
        }
        #expect(asked.count.load(ordering: .relaxed) == 1)
    }

    @Test func aBadSetLeavesTheOldOneInPlace() async throws {
        let key = try await TestKey.ellipticCurve("k")
        try await TestDashboard.with(try jwks([key])) { dashboard in
            #expect(try await dashboard.ask(try key.token()).status == 200)
            let other = try await TestKey.rsa("k")
            for json in [try jwks([key, other]), Data("{}".utf8), Data()] {
                dashboard.issuer.publish(json)
                await #expect(throws: KeySetFault.self) { try await dashboard.keys.read() }
                #expect(try await dashboard.ask(try key.token(claims: ["jti": "\(json.count)"])).status == 200)
            }
        }
    }

    /// Verified once, a token is known until it ends.
    @Test func aKnownTokenEnds() async throws {
        let key = try await TestKey.ellipticCurve("k")
        try await TestDashboard.with(try jwks([key])) { dashboard in
            let token = try key.token(claims: ["exp": TestKey.now + 100])
            #expect(try await dashboard.ask(token).status == 200)
            dashboard.clock.advance(by: .seconds(159))
            #expect(try await dashboard.ask(token).status == 200)
            dashboard.clock.advance(by: .seconds(1))
            #expect(try await dashboard.ask(token).code == "token_expired")
        }
    }

    @Test func knownTokensAreBounded() throws {
        let known = KnownTokens(capacity: 3)
        for number in 0..<10 {
            known.note(.anyone, .init(high: 0, low: UInt64(number)), generation: 1)
            #expect(known.caller(.init(high: 0, low: UInt64(number)), generation: 1) != nil)
        }
        let left = (0..<10).count { known.caller(.init(high: 0, low: UInt64($0)), generation: 1) != nil }
        #expect(left <= 3)
        #expect(known.caller(.init(high: 0, low: 9), generation: 2) == nil, "other keys")
    }
}

private final class Counted: Sendable {
    let count = Atomic(0)
}

import Foundation
import HTTPTypes
import NIOCore
import Operations
import Stores
import Testing

@testable import DashboardAPI

/// The live view over a real connection.
@Suite(.timeLimit(.minutes(5)))
struct LiveSocketTests {
    private struct Message: Decodable {
        struct Share: Decodable { var events: [String: Int], visitors: Int }
        struct Second: Decodable { var at: Int64, exact: Bool, sources: [String: Share] }
        var seconds: [Second]
    }

    private func message(_ frame: SocketClient.Frame?) throws -> Message {
        try JSONDecoder().decode(Message.self, from: Data(try #require(frame).data))
    }

    @Test func theHandshakeIsThatOfTheStandardsExample() async throws {
        try await LiveServer.with { server in
            let client = try await SocketClient(server.port, ["Origin": "http://127.0.0.1:\(server.port)"])
            #expect(client.status == 101)
            #expect(client.head.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
            #expect(!client.head.lowercased().contains("transfer-encoding"))
        }
    }

    @Test(arguments: [
        ("Upgrade", String?.none, 426), ("Connection", "keep-alive", 426), ("Sec-WebSocket-Version", "8", 426),
        ("Sec-WebSocket-Key", "short", 400), ("Content-Length", "3", 400), ("Origin", "https://evil.example", 403),
        ("Origin", "null", 403), ("Sec-Fetch-Site", "cross-site", 101),
    ])
    func whatIsNoHandshakeOfOursIsRefused(field: String, value: String?, status: Int) async throws {
        try await LiveServer.with { server in
            let client = try await SocketClient(server.port, [field: value])
            #expect(client.status == status, "\(client.head)")
        }
    }

    @Test func anOriginMayBePermitted() async throws {
        var limits = LiveLimits()
        limits.origins = ["https://wall.example"]
        try await LiveServer.with(limits: limits) { server in
            let client = try await SocketClient(server.port, ["Origin": "https://wall.example"])
            #expect(client.status == 101)
        }
    }

    @Test func whoMayNotAskMayNotLookOn() async throws {
        let access = Access { head throws(Problem) in
            guard head.headerFields[.authorization] == nil else { return .anyone }
            throw Problem(.unauthorized, code: "missing_token", detail: "no")
        }
        try await LiveServer.with(access: access) { server in
            let nobody = try await SocketClient(server.port)
            let somebody = try await SocketClient(server.port, ["Authorization": "Bearer x"])
            #expect(nobody.status == 401)
            #expect(somebody.status == 101)
        }
    }

    @Test func eachSecondIsToldAsFarAsItMayBeSeen() async throws {
        let access = Access { head throws(Problem) in
            let isAnn = head.headerFields[.authorization] != nil
            return isAnn ? Caller(subject: "ann", roles: [.analyst], sources: .only(["web"])) : .anyone
        }
        try await LiveServer.with(access: access) { server in
            let all = try await SocketClient(server.port)
            let some = try await SocketClient(server.port, ["Authorization": "Bearer ann"])
            let second = server.clock.now
            server.publish(web: ["view": 3], shop: ["order": 1], at: second)
            // The hub tells at its own pace; the clock stands, so that what is told is known.
            server.clock.pass(1000 + LiveWindow.patience)
            func told(_ client: SocketClient) async throws -> Message.Second? {
                while true {
                    let message = try message(try await client.next(SocketClient.text))
                    if let found = message.seconds.last(where: { $0.at == second && !$0.sources.isEmpty }) {
                        return found
                    }
                }
            }
            let seen = try #require(try await told(all))
            #expect(seen.sources["web"]?.events == ["view": 3])
            #expect(seen.sources["shop"]?.events == ["order": 1])
            let part = try #require(try await told(some))
            #expect(Set(part.sources.keys) == ["web"])
            #expect(part.sources["web"]?.events == ["view": 3])
            // Who comes later is told what there was.
            let late = try await SocketClient(server.port, ["Authorization": "Bearer ann"])
            let history = try #require(try await told(late))
            #expect(Set(history.sources.keys) == ["web"])
            #expect(history.sources["web"]?.visitors == 1)
        }
    }

    @Test func pingsAreAnsweredAndClosesToo() async throws {
        try await LiveServer.with { server in
            let client = try await SocketClient(server.port)
            client.send(SocketClient.ping, Array("are you there".utf8))
            #expect(try await client.next(SocketClient.pong)?.data == Array("are you there".utf8))
            client.send(SocketClient.text, Array("{}".utf8))
            client.send(SocketClient.ping)
            #expect(try await client.next(SocketClient.pong)?.data == [], "what clients say is passed over")
            client.send(SocketClient.close, [0x03, 0xE8])
            #expect(try await client.next(SocketClient.close)?.code == 1000)
            #expect(try await client.next() == nil)
            try await server.isEmpty()
        }
    }

    @Test func brokenFramesEndTheConnection() async throws {
        try await LiveServer.with { server in
            let unmasked = try await SocketClient(server.port)
            unmasked.send(SocketClient.text, [1], isMasked: false)
            #expect(try await unmasked.next(SocketClient.close)?.code == 1002)
            let large = try await SocketClient(server.port)
            large.send(SocketClient.text, [UInt8](repeating: 0x61, count: SocketHandler.maximumFrameSize + 1))
            #expect(try await large.next(SocketClient.close)?.code == 1009)
            #expect(try await large.next() == nil)
            try await server.isEmpty()
        }
    }

    @Test func whoAnswersNoPingIsTakenForGone() async throws {
        var limits = LiveLimits()
        limits.pace = SocketPace(ping: .milliseconds(100), silence: .seconds(8))
        try await LiveServer.with(limits: limits) { server in
            let (silent, lively) = (try await SocketClient(server.port), try await SocketClient(server.port))
            var (last, longest) = (ContinuousClock.now, Duration.zero)
            func noteTime() { (longest, last) = (max(longest, last.duration(to: .now)), .now) }
            while server.hub.viewers == 2 {
                _ = try await lively.next(SocketClient.ping)
                lively.send(SocketClient.pong)
                noteTime()
            }
            lively.send(SocketClient.ping, [7])
            let answer = try await lively.next(SocketClient.pong)
            let viewers = server.hub.viewers
            noteTime()
            // Only then: as long as this takes, the lively one is silent too.
            while let frame = try await silent.next() { #expect(frame.opcode != SocketClient.close) }
            // A machine that stood still for so long made the lively one silent as well.
            guard longest < .seconds(6) else { return }
            #expect(viewers == 1)
            #expect(answer?.data == [7])
        }
    }

    @Test func whoDoesNotKeepUpIsLetGoAndTheOthersAreNot() async throws {
        var limits = LiveLimits()
        limits.messages = 3
        try await LiveServer.with(limits: limits) { server in
            let slow = try await SocketClient(server.port)
            let types = Dictionary(uniqueKeysWithValues: (0..<400).map { ("a-long-name-of-an-event-type-\($0)", 1) })
            // The kernel takes some megabytes for one who does not read.
            var told = 0
            while server.hub.viewers > 0, told < 5_000 {
                server.publish(web: types, shop: [:], at: server.clock.now)
                server.clock.pass(1000)
                server.hub.tell()
                told += 1
                await Task.yield()
            }
            #expect(server.hub.viewers == 0, "after \(told) messages")
            #expect(slow.status == 101)
            let next = try await SocketClient(server.port)
            #expect(try await next.next(SocketClient.text) != nil)
        }
    }

    @Test func thereIsRoomForSoManyOnly() async throws {
        var limits = LiveLimits()
        limits.viewers = 2
        try await LiveServer.with(limits: limits) { server in
            let two = [try await SocketClient(server.port), try await SocketClient(server.port)]
            #expect(two.allSatisfy { $0.status == 101 })
            let third = try await SocketClient(server.port)
            #expect(third.status == 503 && third.head.lowercased().contains("retry-after: 30"))
            two[0].send(SocketClient.close, [0x03, 0xE8])
            _ = try await two[0].next(SocketClient.close)
            try await server.waits { $0.hub.viewers < 2 }
            #expect(try await SocketClient(server.port).status == 101)
        }
    }

    @Test func aTokenThatExpiresEndsTheView() async throws {
        let expiring = Caller(
            subject: "ann", roles: [.analyst], sources: .all, expires: 1_700_000_000_000 + 5_000)
        try await LiveServer.with(access: Access { _ in expiring }) { server in
            let client = try await SocketClient(server.port)
            server.clock.pass(6_000)
            #expect(try await client.next(SocketClient.close)?.code == 1008)
        }
    }

    @Test func aServerThatEndsSaysSo() async throws {
        let client = Kept<SocketClient?>(nil)
        try await LiveServer.with { server in client.value = try await SocketClient(server.port) }
        let frame = try await client.value?.next(SocketClient.close)
        #expect(frame?.code == 1001)
    }
}

/// A place that a closure can put something into.
private final class Kept<Value>: @unchecked Sendable {  // written before it is read, by one task
    var value: Value
    init(_ value: Value) { self.value = value }
}

extension LiveServer {
    func waits(_ condition: @Sendable (LiveServer) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while !condition(self) {
            try #require(.now < deadline)
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits until nobody looks on.
    func isEmpty() async throws { try await waits { $0.hub.viewers == 0 } }
}

import Stores
import Testing

/// What every `LiveFeed` does.
@Suite("LiveFeed") struct LiveFeedTests {
    /// Begins to follow, and runs `body` once summaries come through. Those have the seconds from 0 on.
    private func following(
        _ feed: any LiveFeed, _ take: @escaping @Sendable ([LiveSummary]) async throws -> Void = { _ in },
        _ body: (_ taken: Taken, _ next: Int64) async throws -> Void
    ) async throws {
        let taken = Taken()
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await feed.follow(recent: 0) { summaries in
                    taken.take(summaries)
                    try await take(summaries)
                }
            }
            var next: Int64 = 0
            try await eventually("summaries come through") {
                if taken.all.isEmpty {
                    try await feed.publish([.sample(next)])
                    next += 1
                }
                return !taken.all.isEmpty
            }
            try await body(taken, next)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test("a follower is given all that is published, as it was, in order", arguments: LiveFeedEngine.all)
    func order(_ engine: LiveFeedEngine) async throws {
        try await engine.check { feed in
            try await following(feed) { taken, next in
                for second in next..<next + 10 {
                    try await feed.publish([.sample(second), .sample(second, partition: 9)])
                }
                try await eventually("all arrive") { taken.all.count { $0.at >= next * 1_000 } == 20 }
                let expected = (next..<next + 10).flatMap { [LiveSummary.sample($0), .sample($0, partition: 9)] }
                #expect(taken.all.filter { $0.at >= next * 1_000 } == expected)
            }
        }
    }

    @Test("one who comes later is first given as many as they ask for", arguments: LiveFeedEngine.all)
    func recent(_ engine: LiveFeedEngine) async throws {
        try await engine.check { feed in
            for second in 0..<20 { try await feed.publish([.sample(Int64(second))]) }
            let taken = Taken()
            try await withThrowingTaskGroup { group in
                group.addTask { try await feed.follow(recent: 5) { taken.take($0) } }
                try await eventually("the last ones come") { taken.seconds.contains(19) }
                try await feed.publish([.sample(20)])
                try await eventually("the next one comes") { taken.seconds.contains(20) }
                #expect(taken.seconds == Array(15...20))
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    @Test("each follower is given everything", arguments: LiveFeedEngine.all)
    func several(_ engine: LiveFeedEngine) async throws {
        try await engine.check { feed in
            try await following(feed) { first, _ in
                try await following(feed) { second, next in
                    try await feed.publish([.sample(1_000 + next)])
                    try await eventually("both have it") {
                        first.seconds.last == 1_000 + next && second.seconds.last == 1_000 + next
                    }
                }
            }
        }
    }

    @Test("a follower who stands still holds up nobody", arguments: LiveFeedEngine.all)
    func slow(_ engine: LiveFeedEngine) async throws {
        try await engine.check { feed in
            let standing: @Sendable ([LiveSummary]) async throws -> Void = { _ in
                try await Task.sleep(for: .seconds(600))
            }
            let failure = await #expect(throws: CancellationError.self) {
                try await following(feed, standing) { stuck, _ in
                    try await following(feed) { taken, next in
                        for second in next..<next + 100 {
                            try await feed.publish([.sample(second)])
                            try await eventually("the other one has it") { taken.seconds.last == second }
                        }
                        #expect(stuck.all.count <= 10)
                    }
                }
            }
            #expect(failure != nil, "the one who stood still was woken by the end only")
        }
    }

    @Test("what the follower throws ends it", arguments: LiveFeedEngine.all)
    func failing(_ engine: LiveFeedEngine) async throws {
        struct Enough: Error {}
        try await engine.check { feed in
            try await feed.publish([.sample(0)])
            await #expect(throws: Enough.self) {
                try await feed.follow(recent: 1) { _ in throw Enough() }
            }
        }
    }

    @Test("without a log publishing fails in time, and following goes on when it is back")
    func outage() async throws {
        let fixture = try await KafkaFixture(topics: [.live: 1])
        do {
            let feed = LogLiveFeed(log: try await fixture.open(properties: [:], produceTimeout: .seconds(2)))
            try await following(feed) { taken, next in
                _ = try await fixture.setReachable(false)
                await expectLogError(.unreachable, .timedOut) { try await feed.publish([.sample(next)]) }
                _ = try await fixture.setReachable(true)
                try await eventually("summaries come again") {
                    try? await feed.publish([.sample(next + 1)])
                    return taken.seconds.last == next + 1
                }
            }
        } catch {
            await fixture.close()
            throw error
        }
        await fixture.close()
    }
}

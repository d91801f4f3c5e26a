import Stores
import Testing

@testable import DashboardAPI
@testable import StoreModels

struct LiveWindowTests {
    private static let start: Int64 = 1_700_000_000_000

    private func summary(
        _ second: Int64, _ partition: Int32, _ events: [String: [String: Int]], visitors: Int = 0,
        since: Int64 = 0, source: String = "web"
    ) -> LiveSummary {
        var sources = events.mapValues { LiveSummary.Source(events: $0) }
        sources[source, default: .init()].visitors = visitors
        return LiveSummary(
            at: Self.start + second * 1000, epoch: 1, partition: partition, visitorsSince: since, sources: sources)
    }

    /// When a second is told.
    private func due(_ second: Int64) -> Int64 { Self.start + (second + 1) * 1000 + LiveWindow.patience }

    @Test func partitionsAddUp() throws {
        var window = LiveWindow()
        window.add(summary(0, 0, ["web": ["view": 3]], visitors: 5), now: due(0))
        window.add(summary(0, 1, ["web": ["view": 1, "click": 2], "app": ["view": 7]], visitors: 2), now: due(0))
        let told = window.tell(now: due(0))
        #expect(told.map(\.at) == [Self.start])
        #expect(told[0].sources["web"]?.events == ["view": 4, "click": 2])
        #expect(told[0].sources["web"]?.visitors == 7)
        #expect(told[0].sources["app"]?.events == ["view": 7])
        #expect(told[0].isExact)
        #expect(window.tell(now: due(0)).isEmpty, "once")
    }

    @Test func aSecondIsToldWhenItIsOver() {
        var window = LiveWindow()
        window.add(summary(5, 0, ["web": ["view": 1]]), now: due(5))
        _ = window.tell(now: due(4))
        #expect(window.tell(now: due(5) - 1).isEmpty)
        #expect(window.tell(now: due(5)).map(\.at) == [Self.start + 5000])
        #expect(window.tell(now: due(7)).map(\.at) == [6, 7].map { Self.start + $0 * 1000 }, "quiet ones too")
    }

    @Test func whatComesLateIsToldAgain() throws {
        var window = LiveWindow()
        window.add(summary(0, 0, ["web": ["view": 1]], visitors: 1), now: due(0))
        _ = window.tell(now: due(0))
        window.add(summary(0, 1, ["web": ["view": 1]], visitors: 1), now: due(0))
        let told = window.tell(now: due(1))
        #expect(told.map(\.at) == [Self.start, Self.start + 1000])
        #expect(told[0].sources["web"]?.events == ["view": 2])
        #expect(told.map { $0.sources["web"]?.visitors } == [2, 2])
    }

    /// The next second's counts are coming in already when a second is told.
    @Test func visitorsAreThoseOfTheSecondTold() {
        var window = LiveWindow()
        for second in 0..<5 { window.add(summary(Int64(second), 0, [:], visitors: 10 + second), now: due(4)) }
        _ = window.tell(now: due(1))
        #expect(window.tell(now: due(2)).map { $0.sources["web"]?.visitors } == [12])
    }

    @Test func aPartitionThatIsSilentIsNotCountedForEver() {
        var window = LiveWindow()
        window.add(summary(0, 0, [:], visitors: 9), now: due(0))
        _ = window.tell(now: due(0))
        let told = window.tell(now: due(20))
        #expect(told.first?.sources["web"]?.visitors == 9)
        #expect(told.last?.sources["web"]?.visitors ?? 0 == 0)
    }

    @Test func aWorkerThatHasNotSeenTheWholeWindowSaysAtLeast() {
        var window = LiveWindow()
        window.add(summary(400, 0, [:], visitors: 9, since: Self.start), now: due(400))
        window.add(summary(400, 1, [:], visitors: 9, since: Self.start + 300_000), now: due(400))
        #expect(window.tell(now: due(400)).last?.isExact == false)
        window.add(summary(601, 0, [:], visitors: 9, since: Self.start), now: due(601))
        window.add(summary(601, 1, [:], visitors: 9, since: Self.start + 300_000), now: due(601))
        #expect(window.tell(now: due(601)).last?.isExact == true)
    }

    @Test func nothingGrowsWithoutBound() {
        var window = LiveWindow()
        for second in 0..<Int64(LiveWindow.kept + 100) {
            window.add(summary(second, 0, ["web": ["view": 1]]), now: due(second))
            _ = window.tell(now: due(second))
        }
        #expect(window.history.count == LiveWindow.kept)
        #expect(window.history.map(\.at) == window.history.map(\.at).sorted())
        let many = Dictionary(uniqueKeysWithValues: (0..<1000).map { ("type\($0)", 1) })
        let sources = Dictionary(uniqueKeysWithValues: (0..<300).map { ("source\($0)", many) })
        var second = LiveSecond(at: 0)
        for (name, events) in sources { second.addEvents(.init(events: events), of: name) }
        #expect(second.sources.count <= LiveSecond.maximumSources + 1)
        #expect(
            second.sources.values.reduce(0) { $0 + $1.events.count }
                <= LiveSecond.maximumTypes + LiveSecond.maximumSources + 1)
        let total = second.sources.values.reduce(0) { $0 + $1.events.values.reduce(0, +) }
        #expect(total == 300_000, "what has no number of its own is in another")
    }

    @Test func whatIsOutOfTheWindowChangesNothing() {
        var window = LiveWindow()
        window.add(summary(0, 0, ["web": ["view": 1]]), now: due(Int64(LiveWindow.kept) + 5))
        window.add(summary(10_000, 0, ["web": ["view": 1]]), now: due(0))
        #expect(window.tell(now: due(Int64(LiveWindow.kept) + 5)).allSatisfy { $0.sources.isEmpty })
    }

    /// In whatever order summaries of a second come in, it is the same second.
    @Test func orderDoesNotMatter() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let all = (0..<60).map { index in
            summary(
                Int64(index % 5), Int32(index / 5), ["web": ["view": Int.random(in: 1...9, using: &random)]],
                visitors: Int.random(in: 0...9, using: &random))
        }
        func told(_ summaries: [LiveSummary]) -> [[String: Int]?] {
            var window = LiveWindow()
            _ = window.tell(now: due(-1))
            for summary in summaries { window.add(summary, now: due(4)) }
            return window.tell(now: due(4)).map { $0.sources["web"]?.events }
        }
        #expect(told(all) == told(all.shuffled(using: &random)))
    }
}

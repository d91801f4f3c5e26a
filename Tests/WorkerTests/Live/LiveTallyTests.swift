import Stores
import Synchronization
import Testing

@testable import StoreModels
@testable import Worker

/// A clock that tests set.
final class SetClock: Sendable {
    private let time: Mutex<Int64>

    init(_ time: Int64 = noon) { self.time = Mutex(time) }

    @Sendable func now() -> Int64 { time.withLock { $0 } }
    func advance(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}

struct LiveTallyTests {
    private static let partition = PartitionEpoch(epoch: 2, partition: 3)
    private let clock = SetClock()

    private func tally(_ maximumVisitors: Int = 1_000) -> LiveTally {
        let tally = LiveTally(maximumVisitors: maximumVisitors, now: clock.now)
        tally.follow([Self.partition])
        return tally
    }

    /// Tells the tally of events that were stored.
    private func store(_ events: [(source: String, user: String, type: String)], _ tally: LiveTally, age: Int64 = 7) {
        let records = events.enumerated().map { index, event in
            record(
                #"{"userId":"\#(event.user)","eventType":"\#(event.type)"}"#, offset: Int64(index), partition: 3,
                source: event.source, eventID: "e\(index)", receivedAt: String(clock.now() - age))
        }
        let decoded = Decoder().decode(RecordSlice(records), epoch: 2)
        tally.count(Self.partition, decoded, decoded.map { _ in .stored })
    }

    @Test func aSecondTellsWhatWasStoredInIt() throws {
        let tally = tally()
        store([("shop", "ada", "page_view"), ("shop", "bob", "page_view"), ("blog", "ada", "sign_up")], tally)
        let summary = try #require(tally.close(noon).first)
        #expect((summary.at, summary.epoch, summary.partition) == (noon, 2, 3))
        #expect(summary.visitorsSince == noon)
        var latency = LatencyHistogram()
        for _ in 0..<2 { latency.count(7) }
        #expect(summary.sources["shop"] == .init(events: ["page_view": 2], visitors: 2, latency: latency))
        #expect(summary.sources["blog"]?.events == ["sign_up": 1])
        clock.advance(1_000)
        store([("shop", "ada", "page_view")], tally)
        let next = try #require(tally.close(noon + 1_000).first)
        #expect(next.sources["shop"]?.events == ["page_view": 1])
        #expect(next.sources["shop"]?.visitors == 2, "visitors are those of five minutes")
        #expect(next.sources["blog"] == .init(visitors: 1))
        clock.advance(LiveSummary.visitorWindow)
        let last = try #require(tally.close(noon + 1_000 + LiveSummary.visitorWindow).first)
        #expect(last.sources.isEmpty)
        #expect(last.visitorsSince == noon + 2_000)
    }

    @Test func onlyWhatIsStoredCounts() throws {
        let tally = tally()
        let fault = Fault(stage: .decode, reason: .missingHeader, message: "")
        let decoded = Decoder().decode(RecordSlice((0..<3).map { record(offset: $0, partition: 3) }), epoch: 2)
        tally.count(Self.partition, decoded + [.fault(fault)], [.duplicate, .stored, .dead(fault), .dead(fault)])
        #expect(tally.close(noon).first?.sources["web"]?.events == ["page_view": 1])
    }

    @Test func typesAndSourcesAreBounded() throws {
        let tally = tally()
        store((0..<80).map { ("shop", "ada", "type\($0)") }, tally)
        store((0..<150).map { ("source\($0)", "ada", "page_view") }, tally)
        let sources = try #require(tally.close(noon).first?.sources)
        #expect(sources["shop"]?.events.count == 51)
        #expect(sources["shop"]?.events[LiveSummary.other] == 30)
        #expect(sources.count == 101)
        #expect(
            sources[LiveSummary.other]
                == .init(
                    events: ["page_view": 51], visitors: 51, latency: sources[LiveSummary.other]!.latency))
        #expect(sources.values.reduce(0) { $0 + $1.visitors } == 151, "nobody is counted twice or left out")
    }

    @Test func whoHasNoRoomIsMissedOpenly() throws {
        let tally = tally(100)
        store((0..<101).map { ("shop", "user\($0)", "page_view") }, tally)
        let full = try #require(tally.close(noon).first?.sources["shop"])
        #expect(full.visitors == 100 && !full.areVisitorsExact)
        clock.advance(LiveSummary.visitorWindow)
        _ = tally.close(noon + LiveSummary.visitorWindow - 1_000)
        store([("shop", "new", "page_view")], tally)
        let then = try #require(tally.close(noon + LiveSummary.visitorWindow).first?.sources["shop"])
        #expect(then.visitors == 1 && then.areVisitorsExact, "there is room again")
    }

    @Test func aRebalanceKeepsWhatComesBack() throws {
        let tally = tally()
        store([("shop", "ada", "page_view")], tally)
        tally.suspend()
        #expect(tally.close(noon).isEmpty, "the partition may be another worker's")
        tally.follow([Self.partition, PartitionEpoch(epoch: 1, partition: 4)])
        let summaries = tally.close(noon + 1_000)
        #expect(summaries.map(\.partition) == [3, 4])
        #expect(summaries[0].sources["shop"]?.visitors == 1)
        tally.follow([PartitionEpoch(epoch: 1, partition: 4)])
        store([("shop", "ada", "page_view")], tally)
        #expect(tally.close(noon + 2_000).map(\.partition) == [4], "late results of what was taken away do not count")
        tally.follow([Self.partition])
        #expect(tally.close(noon + 3_000).first?.sources.isEmpty == true, "what was away begins anew")
    }

    @Test func theChainTellsWhatItHasStored() async throws {
        let model = ChainModel()
        var chain = model.chain
        let tally = LiveTally(maximumVisitors: 10, now: clock.now)
        tally.follow([ChainModel.partition])
        chain.live = tally
        let records = [record(offset: 0), record(offset: 1), record("no JSON", offset: 2, eventID: "e2")]
        let progress = try await model.begin()
        model.journal.failAlways("advance")
        await #expect(throws: DatabaseError.self) { try await chain.process(RecordSlice(records), from: progress) }
        #expect(tally.close(noon).first?.sources.isEmpty == true, "nothing before the progress has moved")
        model.journal.failAlways("advance", false)
        _ = try await chain.process(RecordSlice(records), from: progress)
        #expect(
            tally.close(noon).first?.sources["web"]?.events == ["page_view": 1], "a duplicate and a dead letter are not"
        )
    }
}

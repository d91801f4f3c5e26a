import Events
import Stores
import Testing

@testable import StoreModels
@testable import Worker

/// What failed can be sent again, as it was or corrected, as often as one likes.
struct DeadLetterReplayTests {
    private let broken = #"{"userId":"u1","eventType":"Page View"}"#

    /// A model with dead letters at these offsets, made by the chain.
    private func model(_ records: [LoggedRecord]) async throws -> (ChainModel, IngestProgress, DeadLetterReplay) {
        let model = ChainModel()
        records.forEach(model.log.place)
        let start = try await model.begin()
        let progress = try await model.chain.process(RecordSlice(records), from: start).progress
        return (model, progress, DeadLetterReplay(log: model.log, store: model.store, now: { noon + 99 }))
    }

    private func plan(_ change: (inout DeadLetterReplay.Plan) -> Void = { _ in }) -> DeadLetterReplay.Plan {
        var plan = DeadLetterReplay.Plan(filter: DeadLetterFilter(), limit: 100)
        change(&plan)
        return plan
    }

    private func position(_ offset: Int64) -> Position { Position(epoch: 1, partition: 0, offset: offset) }

    /// Lets the worker come to what was sent since.
    private func work(_ model: ChainModel, from progress: IngestProgress) async throws -> IngestProgress {
        let new = model.log.records(of: .userEvents).filter { $0.offset >= progress.next }
        return try await model.chain.process(RecordSlice(new), from: progress).progress
    }

    @Test func aLetterIsSentAsItWasAndMarkedAfterIt() async throws {
        let (model, _, replay) = try await model([record(broken, offset: 0, more: [(.traceparent, "t")])])
        let calls = model.journal.calls.count
        let report = try await replay.run(plan())
        #expect(report.sent.map(\.position) == [position(0)])
        #expect(report.sent.map(\.place) == [LogOffset(partition: 0, offset: 1)])
        let sent = try #require(model.log.records(of: .userEvents).last)
        #expect(sent.value == Array(broken.utf8))
        #expect(sent.key == Array("u1".utf8))
        #expect(sent.timestamp == noon + 99)
        let headers = sent.headers.map { [$0.name, String(decoding: $0.value, as: UTF8.self)] }
        #expect(
            headers == [
                ["source", "web"], ["received-at", String(noon)], ["traceparent", "t"], ["event-id", "e1"],
                ["dlq-replays", "1"],
            ])
        #expect(model.store.deadLetters[position(0)]?.state == .replayed)
        #expect(
            Array(model.journal.calls[calls...].prefix(4)) == [
                "list dead letters", "read records", "produce user-events", "move dead letters",
            ])
    }

    @Test func whatFailsAgainIsANewLetterWithOneReplayMore() async throws {
        var (model, progress, replay) = try await model([record(broken, offset: 0)])
        for round in 1...3 {
            var report = try await replay.run(plan())
            #expect(report.sent.count == 1)
            progress = try await work(model, from: progress)
            try await replay.settle(&report, within: .seconds(5))
            #expect([report.resolved, report.failedAgain] == [0, 1])
            #expect(model.store.deadLetters[position(Int64(round))]?.state == .open)
            let letter = try #require(model.log.records(of: .deadLetters).last)
            #expect(letter[.deadLetterReplays] == String(round))
            #expect(letter.headers.count { $0.name == "dlq-replays" } == 1)
        }
        let report = try await replay.run(plan())
        #expect(report.sent.isEmpty)
        #expect(report.omitted.map(\.position) == [position(3)])
        #expect(try await replay.run(plan { $0.maximumReplays = 4 }).sent.count == 1)
    }

    @Test func aCorrectedEventIsStoredAndItsLetterResolved() async throws {
        let (model, progress, replay) = try await model([
            record(broken, offset: 0), record(broken, offset: 1, eventID: "e2"),
        ])
        let good = Array(eventText("somebody else").utf8)
        var report = try await replay.run(plan { $0.corrections = [position(1): good] })
        #expect(report.sent.map(\.position) == [position(1)])
        _ = try await work(model, from: progress)
        try await replay.settle(&report, within: .seconds(5))
        #expect(report.resolved == 1)
        #expect(model.store.events[ExactText("web/e2")]?.userID == "somebody else")
        #expect(model.log.records(of: .userEvents).last?.key == Array("somebody else".utf8))
        #expect(model.store.deadLetters[position(0)]?.state == .open)
        #expect(model.store.deadLetters[position(1)]?.state == .resolved)
    }

    @Test func aCorrectionThatIsNoGoodEventIsNotSent() async throws {
        for bad in ["", "{", "[]", broken, eventText() + eventText(), #"{"userId":"u","eventType":"a","x":1}"#] {
            let (model, _, replay) = try await model([record(broken, offset: 0)])
            let report = try await replay.run(plan { $0.corrections = [position(0): Array(bad.utf8)] })
            #expect(report.sent.isEmpty, "\(bad)")
            #expect(report.omitted.count == 1)
            #expect(model.store.deadLetters[position(0)]?.state == .open)
        }
    }

    @Test func aConflictGoesAgainOnlyWhenAskedOrWithAnotherId() async throws {
        let (model, progress, replay) = try await model([
            record(eventText(), offset: 0), record(eventText("u2"), offset: 1),
        ])
        #expect(model.store.deadLetters[position(1)]?.reason == "conflict")
        #expect(try await replay.run(plan()).omitted.map(\.position) == [position(1)])
        #expect(try await replay.run(plan { ($0.includesConflicts, $0.isDryRun) = (true, true) }).sent.count == 1)
        let other = Array(#"{"eventId":"e9",\#(eventText("u2").dropFirst())"#.utf8)
        var report = try await replay.run(plan { $0.corrections = [position(1): other] })
        _ = try await work(model, from: progress)
        try await replay.settle(&report, within: .seconds(5))
        #expect(report.resolved == 1)
        #expect(model.store.events[ExactText("web/e9")]?.userID == "u2")
    }

    @Test func aDryRunChangesNothing() async throws {
        let (model, _, replay) = try await model([record(broken, offset: 0)])
        let report = try await replay.run(plan { $0.isDryRun = true })
        #expect(report.sent.map(\.position) == [position(0)])
        #expect(model.log.records(of: .userEvents).count == 1)
        #expect(model.store.deadLetters[position(0)]?.state == .open)
    }

    @Test func theLimitHoldsOverPages() async throws {
        let records = (0..<450).map { record(broken, offset: $0, eventID: "e\($0)") }
        let (model, _, replay) = try await model(records)
        #expect(try await replay.run(plan { $0.limit = 317 }).sent.count == 317)
        #expect(model.store.deadLetters.values.count { $0.state == .open } == 133)
        #expect(try await replay.run(plan { $0.limit = 1000 }).sent.count == 133)
    }

    @Test func aTopicThatWasMadeAnewGivesNobodyElsesBytes() async throws {
        let (model, _, replay) = try await model([record(broken, offset: 0)])
        let other = EventLogModel()
        let elsewhere = DeadLetterReplay(log: other, store: model.store, now: { noon })
        #expect(try await elsewhere.run(plan()).omitted.count == 1)
        _ = try await other.produce(RecordBatch([record(broken, offset: 0)]), to: .deadLetters)
        #expect(try await elsewhere.run(plan()).omitted.count == 1)
        #expect(model.store.deadLetters[position(0)]?.state == .open)
        #expect(try await replay.run(plan()).sent.count == 1)
    }

    @Test(arguments: [Journal.Moment.before, .midway, .after])
    func afterAFailureAnywhereARepetitionEndsTheSame(_ moment: Journal.Moment) async throws {
        let records = (0..<5).map { record(broken, offset: $0, eventID: "e\($0)") }
        for step in 0..<4 {
            let (model, progress, replay) = try await model(records)
            model.journal.fail(call: model.journal.calls.count + step, moment)
            let corrections = Dictionary(
                uniqueKeysWithValues: (0..<5).map { (position($0), Array(eventText("u\($0)").utf8)) })
            await #expect(throws: (any Error).self) {
                try await replay.run(plan { $0.corrections = corrections })
            }
            _ = try await replay.run(plan { $0.corrections = corrections })
            let end = try await work(model, from: progress)
            #expect(model.store.events.count == 5, "step \(step)")
            #expect(end.isBalanced)
            #expect(model.store.deadLetters.values.allSatisfy { $0.state != .open })
        }
    }

    @Test func settlingWaitsForTheWorkersAndNoLonger() async throws {
        let (model, _, replay) = try await model([record(broken, offset: 0)])
        var report = try await replay.run(plan())
        await #expect(throws: EventLogError.self) { try await replay.settle(&report, within: .zero) }
        #expect(model.store.deadLetters[position(0)]?.state == .replayed)
    }
}

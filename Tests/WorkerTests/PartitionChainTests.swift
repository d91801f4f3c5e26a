import Events
import Stores
import Testing

@testable import StoreModels
@testable import Worker

/// Stored, then buried, then indexed, and only then is the progress moved.
struct PartitionChainTests {
    private static let steps = [
        "insert", "read dead letters", "produce user-events.dead-letter", "index dead letters", "advance",
    ]
    private let mixed = RecordSlice([
        record(offset: 0), record("{", offset: 1), record(offset: 2, eventID: "e2"), record(offset: 3),
        record(eventText("u2"), offset: 4),
    ])

    @Test func effectsComeInOrder() async throws {
        let model = ChainModel()
        let start = try await model.begin()
        let before = model.journal.calls.count
        let processed = try await model.chain.process(mixed, from: start)
        #expect(Array(model.journal.calls[before...]) == Self.steps)
        #expect(processed.outcomes.map(\.kind) == ["stored", "invalid_json", "stored", "duplicate", "conflict"])
        #expect(!processed.isAstray)
        #expect(processed.progress.isBalanced)
        #expect(model.store.progress == [processed.progress])
        #expect(model.store.deadLetters.keys.map(\.offset).sorted() == [1, 4])
    }

    @Test func withoutFaultsNothingIsBuried() async throws {
        let model = ChainModel()
        let start = try await model.begin()
        let before = model.journal.calls.count
        _ = try await model.chain.process(RecordSlice([record(offset: 0)]), from: start)
        #expect(Array(model.journal.calls[before...]) == ["insert", "advance"])
    }

    @Test func allFaultyNeedNoInsert() async throws {
        let model = ChainModel()
        let processed = try await model.chain.process(RecordSlice([record("{", offset: 0)]), from: model.begin())
        #expect(!model.journal.calls.contains("insert"))
        #expect(processed.progress.dead == 1)
    }

    /// A step that fails, in whatever way, leaves the later ones undone, and the progress where it was.
    @Test(arguments: steps.indices, Journal.Moment.allCases)
    func aFailedStepStopsTheChain(step: Int, moment: Journal.Moment) async throws {
        let model = ChainModel()
        let start = try await model.begin()
        let before = model.journal.calls.count
        model.journal.fail(call: before + step, moment)
        await #expect(throws: (any Error).self) { try await model.chain.process(mixed, from: start) }
        #expect(Array(model.journal.calls[before...]) == Array(Self.steps[...step]))
        let isLast = step == Self.steps.indices.last && moment == .after
        #expect(model.store.progress[0].next == (isLast ? 5 : 0))
        if step < 3 { #expect(model.store.deadLetters.isEmpty) }
        if step < 2 { #expect(model.log.records(of: .deadLetters).isEmpty) }
    }

    @Test func progressWaitsForDeadLettersHoweverOften() async throws {
        let model = ChainModel()
        let start = try await model.begin()
        model.journal.failAlways("produce user-events.dead-letter")
        for _ in 0..<5 {
            await #expect(throws: EventLogError.self) { try await model.chain.process(mixed, from: start) }
            #expect(model.store.progress == [start])
        }
        model.journal.failAlways("produce user-events.dead-letter", false)
        let processed = try await model.chain.process(mixed, from: start)
        #expect([processed.progress.stored, processed.progress.duplicate, processed.progress.dead] == [2, 1, 2])
    }

    @Test func whatHasBeenAccountedForIsNotLookedAt() async throws {
        let model = ChainModel()
        let first = try await model.chain.process(mixed, from: model.begin())
        let before = model.journal.calls.count
        let again = try await model.chain.process(mixed, from: first.progress)
        #expect(model.journal.calls.count == before)
        #expect(again.progress == first.progress)
        #expect(again.outcomes.isEmpty)
    }

    @Test func anotherWorkersProgressIsNotOverwritten() async throws {
        let model = ChainModel()
        let start = try await model.begin()
        var theirs = start
        (theirs.next, theirs.stored, theirs.batch) = (5, 5, "theirs")
        _ = try await model.store.advance(from: start, to: theirs)
        let processed = try await model.chain.process(mixed, from: start)
        #expect(processed.isAstray)
        #expect(processed.outcomes.isEmpty)
        #expect(processed.progress == theirs)
        #expect(model.store.progress == [theirs])
    }

    @Test func recordsThatWerePassedOverAreNotSkipped() async throws {
        let model = ChainModel()
        let start = try await model.begin()
        for offset in 0...3 { model.log.place(record(offset: Int64(offset))) }
        let processed = try await model.chain.process(RecordSlice([record(offset: 2)]), from: start)
        #expect(processed.isAstray)
        #expect(model.store.events.isEmpty)
        #expect(model.store.progress == [start])
    }

    /// Two partitions share an insert and a move of progress; the dead letters of one are its own trouble.
    @Test func partitionsGoSideBySide() async throws {
        let model = ChainModel()
        let other = PartitionEpoch(epoch: 1, partition: 1)
        let begun = [
            try await model.begin(), try await model.store.beginEpoch(IngestProgress(partition: other, first: 0)),
        ]
        let clean = RecordSlice([record(offset: 0, partition: 1, eventID: "other")])
        let shares = [Share(slice: mixed, progress: begun[0]), Share(slice: clean, progress: begun[1])]
        let before = model.journal.calls.count
        model.journal.failAlways("produce user-events.dead-letter")
        let results = await model.chain.process(shares)
        #expect(throws: EventLogError.self) { try results[0].get() }
        #expect(try results[1].get().outcomes == [.stored])
        #expect(model.store.progress.map(\.next) == [0, 1])
        #expect(Array(model.journal.calls[before...]) == [Self.steps[0], Self.steps[1], Self.steps[2], Self.steps[4]])
        model.journal.failAlways("insert")
        for result in await model.chain.process(shares.prefix(1) + [Share(slice: clean, progress: begun[1])]) {
            #expect(throws: DatabaseError.self) { try result.get() }
        }
    }

    /// What was read ahead is taken where it still holds: not of another epoch, nor where records were accounted for
    /// meanwhile.
    @Test(arguments: [(epoch: Int32(1), first: Int64(0)), (1, 2), (7, 0)])
    func whatWasReadAheadComesToTheSame(epoch: Int32, first: Int64) async throws {
        let (plain, reading) = (ChainModel(), ChainModel())
        var before = try await plain.begin(at: first)
        let expected = try await plain.chain.process(mixed, from: before)
        before = try await reading.begin(at: first)
        var known = before
        known.partition.epoch = epoch
        let ahead = await reading.chain.readAhead([mixed], after: [0: known])
        let share = Share(slice: mixed, progress: before, ahead: ahead[0])
        let processed = try await reading.chain.process([share])[0].get()
        #expect(processed.outcomes == expected.outcomes)
        #expect(processed.progress == expected.progress)
        #expect(reading.store.events.mapValues(\.position) == plain.store.events.mapValues(\.position))
        #expect(await reading.chain.readAhead([mixed], after: [:]).isEmpty)
    }

    /// As with a server: the events of all partitions in at most as many inserts as may be under way.
    @Test(arguments: 1...5) func insertsAreShared(_ concurrent: Int) async throws {
        let model = ChainModel()
        let storing = Storing(store: model.store, concurrentInserts: concurrent)
        let partitions = (0..<5).map { partition in
            (0..<Int64(3)).map { offset in
                Decoder().decode(
                    RecordSlice([record(offset: offset, partition: partition, eventID: "e\(partition).\(offset)")]),
                    epoch: 1)[0]
            }
        }
        let outcomes = await storing.store(partitions)
        #expect(outcomes.count == 5)
        for result in outcomes { #expect(try result.get() == Array(repeating: .stored, count: 3)) }
        #expect(model.store.events.count == 15)
        #expect(model.journal.calls.count(where: { $0 == "insert" }) <= concurrent)
    }

    /// A batch that the store refuses as a whole is split until the culprit stands alone.
    @Test func onlyTheRefusedEventIsBuried() async throws {
        let model = ChainModel(refusing: ["evil"])
        let slice = RecordSlice(
            (0..<9).map { record(eventText($0 == 5 ? "evil" : "u\($0)"), offset: $0, eventID: "e\($0)") })
        let processed = try await model.chain.process(slice, from: model.begin())
        #expect(processed.outcomes.map(\.kind) == (0..<9).map { $0 == 5 ? "refused_by_store" : "stored" })
        #expect(model.store.deadLetters.values.map(\.message) == ["no evil here"])
        #expect(model.store.events.count == 8)
    }
}

extension Outcome {
    /// The outcome in a word.
    var kind: String {
        switch self {
        case .stored: "stored"
        case .duplicate: "duplicate"
        case .dead(let fault): fault.reason.code
        }
    }
}

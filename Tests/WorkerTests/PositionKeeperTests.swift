import Events
import Logging
import Stores
import Testing

@testable import StoreModels
@testable import Worker

/// Where to go on, when the log may have changed beneath the progress.
struct PositionKeeperTests {
    private let model = ChainModel()

    private func positions(_ partitions: [Int32] = [0]) async throws -> [Int32: IngestProgress] {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try await PositionKeeper(log: model.log, store: model.store, newToken: { "moved" }, logger: logger)
            .positions(of: partitions)
    }

    /// Puts records on the log and processes the first of them.
    private func process(_ offsets: ClosedRange<Int64>, of all: ClosedRange<Int64>) async throws -> IngestProgress {
        let records = all.map { record(offset: $0, eventID: "e\($0)") }
        for record in records { model.log.place(record) }
        let slice = RecordSlice(records.filter { offsets.contains($0.offset) })
        let start = try await model.begin(at: offsets.lowerBound)
        return try await model.chain.process(slice, from: start).progress
    }

    /// Inserts events past the progress, as a worker does that dies before it moves it.
    private func insert(_ offsets: [Int64], epoch: Int32 = 1) async throws {
        let slice = RecordSlice(offsets.map { record(offset: $0, eventID: "e\($0)") })
        _ = try await model.chain.storing.store([Decoder().decode(slice, epoch: epoch)])[0].get()
    }

    @Test func theFirstStartBeginsAtTheLogsStart() async throws {
        model.log.place(record(offset: 5))
        model.log.expire(0, below: 3)
        let expected = IngestProgress(partition: PartitionEpoch(epoch: 1, partition: 0), first: 3)
        #expect(try await positions() == [0: expected])
        #expect(model.store.progress == [expected])
        #expect(try await positions() == [0: expected], "and again it is the same")
    }

    @Test func anUnchangedLogGoesOn() async throws {
        let progress = try await process(0...3, of: 0...9)
        #expect(try await positions() == [0: progress])
        model.log.expire(0, below: 4)
        #expect(try await positions() == [0: progress], "the record before has expired, none is lost")
    }

    @Test func aShorterLogIsANewEpoch() async throws {
        let old = try await process(0...3, of: 0...3)
        model.log.recreate(0)
        model.log.place(record(offset: 0, eventID: "new"))
        let expected = IngestProgress(partition: PartitionEpoch(epoch: 2, partition: 0), first: 0)
        #expect(try await positions() == [0: expected])
        #expect(model.store.progress == [old, expected])
    }

    @Test func anotherRecordInTheLastPlaceIsANewEpoch() async throws {
        _ = try await process(0...3, of: 0...3)
        model.log.recreate(0)
        for offset in Int64(0)...7 { model.log.place(record(eventText("other"), offset: offset)) }
        let expected = IngestProgress(partition: PartitionEpoch(epoch: 2, partition: 0), first: 0)
        #expect(try await positions() == [0: expected])
    }

    @Test func whatTheLogDroppedIsLost() async throws {
        let old = try await process(0...3, of: 0...20)
        model.log.expire(0, below: 10)
        let found = try #require(try await positions()[0])
        #expect([found.next, found.lost, found.stored] == [10, 6, 4])
        #expect(found.isBalanced)
        #expect(found.partition == old.partition)
        #expect(model.store.progress == [found])
        #expect(try await positions() == [0: found], "counted once")
    }

    /// A worker died after inserting and before moving the progress; then the log was made anew. The aggregator reads
    /// up to `next` only, and checks what it finds against `stored`.
    @Test func eventsInsertedPastTheProgressAreCountedWhenTheEpochCloses() async throws {
        _ = try await process(0...3, of: 0...9)
        try await insert([4, 5, 7])
        model.log.recreate(0)
        let found = try #require(try await positions()[0])
        #expect(found.partition.epoch == 2)
        let closed = model.store.progress[0]
        #expect([closed.next, closed.stored, closed.lost] == [8, 7, 1])
        #expect(closed.isBalanced)
        #expect(closed.stored == Int64(model.store.events.count))
    }

    /// A worker that dies between closing the old epoch and beginning the new one must not make the next one believe
    /// that the new log is the old one: its records below `next` would be skipped.
    @Test(arguments: 0..<7, Journal.Moment.allCases)
    func aFailureWhileChangingEpochsIsNoSkip(step: Int, moment: Journal.Moment) async throws {
        _ = try await process(0...3, of: 0...9)
        try await insert([4, 5, 7])
        model.log.recreate(0)
        for offset in Int64(0)...20 { model.log.place(record(eventText("other"), offset: offset)) }
        model.journal.fail(call: model.journal.calls.count + step, moment)
        _ = try? await positions()
        let expected = IngestProgress(partition: PartitionEpoch(epoch: 2, partition: 0), first: 0)
        #expect(try await positions() == [0: expected])
        #expect([model.store.progress[0].next, model.store.progress[0].stored] == [8, 7])
    }

    /// After a loss as well a log made anew is recognised, though nothing has been processed since.
    @Test func aNewLogAfterALossIsANewEpoch() async throws {
        _ = try await process(0...3, of: 0...20)
        model.log.expire(0, below: 10)
        _ = try await positions()
        model.log.recreate(0)
        for offset in Int64(0)...20 { model.log.place(record(eventText("other"), offset: offset)) }
        #expect(try await positions()[0]?.partition.epoch == 2)
    }

    /// The same where the log has dropped them: they are stored, not lost.
    @Test func eventsInsertedPastTheProgressAreNotLost() async throws {
        _ = try await process(0...3, of: 0...20)
        try await insert([4, 5, 7, 12])
        model.log.expire(0, below: 10)
        let found = try #require(try await positions()[0])
        #expect([found.next, found.stored, found.lost] == [10, 7, 3])
        #expect(found.isBalanced)
    }

    /// Dead letters too may have been written before the progress could move.
    @Test(arguments: [true, false])
    func deadLettersPastTheProgressAreNotLost(isRecreated: Bool) async throws {
        _ = try await process(0...3, of: 0...20)
        try await insert([4])
        let slice = RecordSlice([record("{", offset: 5), record("{", offset: 8)])
        let fault = Fault(stage: .decode, reason: .missingHeader, message: "")
        try await model.chain.deadLetters.write(slice.indices.map { ($0, fault) }, of: slice, epoch: 1)
        if isRecreated { model.log.recreate(0) } else { model.log.expire(0, below: 9) }
        _ = try await positions()
        let books = model.store.progress[0]
        #expect([books.next, books.stored, books.dead, books.lost] == [9, 5, 2, 2])
        #expect(books.isBalanced)
    }

    @Test func theWorldsTroubleIsThrownAndLeavesNothingHalfDone() async throws {
        let old = try await process(0...3, of: 0...20)
        model.log.expire(0, below: 10)
        let before = model.journal.calls.count
        _ = try await positions()
        let steps = model.journal.calls.count - before
        for step in 0..<steps {
            let keeper = PositionKeeperTests()
            #expect(try await keeper.process(0...3, of: 0...20) == old)
            keeper.model.log.expire(0, below: 10)
            keeper.model.journal.fail(call: keeper.model.journal.calls.count + step, .before)
            await #expect(throws: (any Error).self) { try await keeper.positions() }
            #expect(keeper.model.store.progress == [old])
            #expect(try await keeper.positions()[0]?.lost == 6)
        }
    }

    @Test func partitionsOfWhichTheLogTellsNothingAreTrouble() async throws {
        await #expect(throws: EventLogError.self) { try await positions([0, 9]) }
        #expect(model.store.progress.allSatisfy { $0.partition.partition == 0 })
    }
}

import Events
import Stores
import Testing

@testable import StoreModels
@testable import Worker

/// A dead letter is the record as it was, and beside it what became of it.
struct DeadLetterTests {
    private let fault = Fault(stage: .store, reason: .conflict, message: "another event is stored")

    private func write(_ records: [LoggedRecord], to model: ChainModel) async throws {
        let slice = RecordSlice(records)
        try await model.chain.deadLetters.write(slice.indices.map { ($0, fault) }, of: slice, epoch: 2)
    }

    @Test func bytesAndHeadersStayAsTheyWere() async throws {
        var foreign = record("x", offset: 41, partition: 3, more: [(HeaderName(rawValue: "X-Other"), "1")])
        foreign.headers.append(.init(name: "X-Other", value: [0xFF, 0x00]))
        foreign.headers.append(.init(name: "empty", value: []))
        foreign.value = [0xFF, 0x00, 0x7B, 0x0A]
        let model = ChainModel()
        try await write([foreign], to: model)
        let letter = try #require(model.log.records(of: .deadLetters).first)
        #expect(letter.key == foreign.key)
        #expect(letter.value == foreign.value)
        #expect(Array(letter.headers.prefix(foreign.headers.count)) == foreign.headers)
        let added = letter.headers.dropFirst(foreign.headers.count)
        let expected: [(HeaderName, String)] = [
            (.deadLetterStage, "store"), (.deadLetterReason, "conflict"),
            (.deadLetterMessage, "another event is stored"), (.deadLetterTopic, "user-events"),
            (.deadLetterPartition, "3"), (.deadLetterOffset, "41"), (.deadLetterAttempts, "1"),
            (.deadLetterFailedAt, String(noon + 9)), (.deadLetterConsumerGroup, "group"), (.deadLetterReplays, "0"),
        ]
        #expect(Array(added) == LoggedRecord(value: "", headers: expected).headers)
    }

    @Test func aRecordWithoutAKeyStaysWithoutOne() async throws {
        var keyless = record("x", offset: 1)
        keyless.key = nil
        let model = ChainModel()
        try await write([keyless], to: model)
        #expect(model.log.records(of: .deadLetters).map(\.key) == [nil])
    }

    @Test func aReplayedRecordKeepsItsCount() async throws {
        let model = ChainModel()
        try await write([record("x", offset: 1, more: [(.deadLetterReplays, "2")])], to: model)
        #expect(model.log.records(of: .deadLetters).map { $0[.deadLetterReplays] } == ["2"])
    }

    @Test func theIndexSaysWhatAndWhere() async throws {
        let model = ChainModel()
        try await write(
            [record("x", offset: 7, partition: 3), record("y", offset: 9, partition: 3, source: nil)], to: model)
        let entries = model.store.deadLetters.sorted { $0.key < $1.key }.map(\.value)
        #expect(
            entries == [
                DeadLetterEntry(
                    position: Position(epoch: 2, partition: 3, offset: 7),
                    deadLetter: LogOffset(partition: 0, offset: 0), stage: "store", reason: "conflict",
                    message: "another event is stored", source: "web", eventID: "e1", failedAt: noon + 9, state: .open),
                DeadLetterEntry(
                    position: Position(epoch: 2, partition: 3, offset: 9),
                    deadLetter: LogOffset(partition: 0, offset: 1), stage: "store", reason: "conflict",
                    message: "another event is stored", source: "", eventID: "e1", failedAt: noon + 9, state: .open),
            ])
    }

    @Test func whatIsIndexedIsNotWrittenAgain() async throws {
        let model = ChainModel()
        let records = (0..<3).map { record("x", offset: $0) }
        try await write([records[1]], to: model)
        try await write(records, to: model)
        try await write(records, to: model)
        #expect(model.log.records(of: .deadLetters).map { $0[.deadLetterOffset] } == ["1", "0", "2"])
    }

    @Test func nothingIsWrittenForNothing() async throws {
        let model = ChainModel()
        try await model.chain.deadLetters.write([], of: RecordSlice([record()]), epoch: 1)
        #expect(model.journal.calls.isEmpty)
    }
}

import Stores
import Testing

@testable import StoreModels
@testable import Worker

struct BookkeepingTests {
    private static let outcomes: [Outcome] = [
        .stored, .duplicate, .dead(Fault(stage: .store, reason: .conflict, message: "")),
    ]

    /// Whatever was passed, and with whatever gaps: every offset is accounted for, and each under its own heading.
    @Test func theBooksAlwaysBalance() {
        var random = SeededRandom.announced()
        for _ in 0..<200 {
            let first = Int64.random(in: 0...1000, using: &random)
            var books = IngestProgress(partition: ChainModel.partition, first: first)
            var counted: [Int64] = [0, 0, 0]
            var (next, records) = (first, Int64(0))
            for batch in 0..<Int.random(in: 1...8, using: &random) {
                var (slice, entered) = ([LoggedRecord](), [Outcome]())
                for _ in 0..<Int.random(in: 1...30, using: &random) {
                    next += Int.random(in: 0..<5, using: &random) == 0 ? Int64.random(in: 1...9, using: &random) : 0
                    slice.append(record("\(next)", offset: next))
                    let kind = Int.random(in: 0..<3, using: &random)
                    entered.append(Self.outcomes[kind])
                    counted[kind] += 1
                    next += 1
                    records += 1
                }
                books = Bookkeeping.enter(entered, of: RecordSlice(slice), into: books, token: "batch \(batch)")
                #expect(books.isBalanced)
                #expect(books.next == next)
                #expect(books.batch == "batch \(batch)")
                #expect(books.lastHash == Bookkeeping.recordHash(slice.count - 1, of: RecordBatch(slice)))
            }
            #expect([books.stored, books.duplicate, books.dead] == counted)
            #expect(books.gaps == next - first - records)
            #expect(books.first == first)
            #expect(books.lost == 0)
        }
    }

    @Test func aRecordIsRecognisedByKeyValueAndTime() {
        func hash(_ record: LoggedRecord) -> String { "\(Bookkeeping.recordHash(0, of: RecordBatch([record])))" }
        let one = record("v", offset: 1)
        var others = [one, one, one, one]
        others[0].offset = 9
        #expect(hash(others[0]) == hash(one), "its place is no part of it")
        others[1].key = Array("k".utf8)
        others[2].value = Array("w".utf8)
        others[3].timestamp += 1
        #expect(Set(others.map(hash)).count == 4)
    }

    @Test func slicesDropWhatHasBeenAccountedFor() {
        let slice = RecordSlice([3, 4, 6, 9].map { record(offset: $0) })
        #expect(slice.dropping(below: 0).offsets == [3, 4, 6, 9])
        #expect(slice.dropping(below: 4).offsets == [4, 6, 9])
        #expect(slice.dropping(below: 5).offsets == [6, 9])
        #expect(slice.dropping(below: 10).isEmpty)
    }
}

struct GapCheckTests {
    @Test func holesAreNamedByTheirFirstOffset() {
        var random = SeededRandom.announced()
        for _ in 0..<200 {
            let next = Int64.random(in: 0...5, using: &random)
            let offsets = (next...next + 20).filter { _ in Bool.random(using: &random) }
            guard let last = offsets.last else { continue }
            let missing = (next...last).filter { !offsets.contains($0) }
            let expected = missing.filter { !missing.contains($0 - 1) }
            #expect(GapCheck.holes(in: RecordSlice(offsets.map { record(offset: $0) }), from: next) == expected)
        }
    }

    @Test func aHoleThatHoldsARecordIsNone() async throws {
        let log = EventLogModel()
        for offset in [0, 1, 4, 5] { log.place(record(offset: Int64(offset))) }
        func isEmpty(_ offsets: [Int64], from next: Int64) async throws -> Bool {
            try await GapCheck(log: log).holesAreEmpty(in: RecordSlice(offsets.map { record(offset: $0) }), from: next)
        }
        #expect(try await isEmpty([0, 1, 4, 5], from: 0))
        #expect(try await isEmpty([4], from: 2))
        #expect(try await !isEmpty([4, 5], from: 1))
        #expect(try await !isEmpty([0, 4], from: 0))
        #expect(try await !isEmpty([1], from: 0))
    }
}

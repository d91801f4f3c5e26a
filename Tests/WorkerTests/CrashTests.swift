import Events
import Stores
import Testing

@testable import StoreModels
@testable import Worker

/// Whatever fails and wherever: after repeating, the same events are stored, the same ones dead, and the books balance.
struct CrashTests {
    /// Records of all kinds, with holes in the offsets.
    private func partition(_ random: inout SeededRandom) -> [LoggedRecord] {
        var offset = Int64.random(in: 0...3, using: &random)
        return (0..<Int.random(in: 1...24, using: &random)).map { _ in
            offset += Int.random(in: 0..<6, using: &random) == 0 ? 3 : 1
            // The last two look the same and are not.
            let id = ["e1", "e2", "e3", "e4", "e5", "\u{E9}", "e\u{301}"].randomElement(using: &random)
            let user = "u\(Int.random(in: 0..<2, using: &random))"
            return switch Int.random(in: 0..<8, using: &random) {
            case 0: record("{\"userId\"", offset: offset, eventID: id)
            case 1: record(offset: offset, source: nil)
            case 2: record(eventText("evil"), offset: offset, eventID: id)
            default: record(eventText(user), offset: offset, eventID: id)
            }
        }
    }

    /// Drives records through a chain as the worker does: repeats a slice that met trouble, compares positions again
    /// where it went astray.
    private func drive(_ records: [LoggedRecord], through model: ChainModel, cut: SeededRandom) async throws {
        var cut = cut
        var progress = try await model.begin()
        for _ in 0..<500 {
            let rest = records.filter { $0.offset >= progress.next }
            guard !rest.isEmpty else { return }
            let slice = RecordSlice(rest.prefix(Int.random(in: 1...6, using: &cut)))
            for _ in 0..<20 {
                guard let processed = try? await model.chain.process(slice, from: progress) else { continue }
                progress = processed.isAstray ? model.store.progress[0] : processed.progress
                break
            }
        }
        Issue.record("the records did not go through")
    }

    private struct Result: Equatable {
        var events: [ExactText: Position]
        var dead: [Position: String]
        var books: [Int64]

        init(_ store: RawEventStoreModel) {
            events = store.events.mapValues(\.position)
            dead = store.deadLetters.mapValues(\.reason)
            let books = store.progress[0]
            self.books = [books.next, books.stored, books.duplicate, books.dead, books.lost, books.gaps]
        }
    }

    private func check(_ model: ChainModel, _ records: [LoggedRecord]) {
        let books = model.store.progress[0]
        #expect(books.isBalanced)
        #expect(books.lost == 0)
        #expect(books.stored == Int64(model.store.events.count))
        #expect(books.dead == Int64(model.store.deadLetters.count))
        let letters = model.log.records(of: .deadLetters)
        for (position, entry) in model.store.deadLetters {
            guard letters.indices.contains(Int(entry.deadLetter.offset)) else { Issue.record("no letter"); continue }
            let letter = letters[Int(entry.deadLetter.offset)]
            #expect(letter[.deadLetterOffset] == String(position.offset), "the index points at its own letter")
            #expect(letter.value == records.first { $0.offset == position.offset }?.value)
        }
    }

    @Test func everyStepMayFailInEveryWay() async throws {
        var random = SeededRandom.announced()
        for _ in 0..<6 {
            let records = partition(&random)
            let cut = SeededRandom(seed: random.next())
            let clean = ChainModel(refusing: ["evil"])
            try await drive(records, through: clean, cut: cut)
            check(clean, records)
            for step in 1..<clean.journal.calls.count {
                for moment in Journal.Moment.allCases {
                    let model = ChainModel(refusing: ["evil"])
                    model.journal.fail(call: step, moment)
                    try await drive(records, through: model, cut: cut)
                    check(model, records)
                    #expect(Result(model.store) == Result(clean.store), "\(clean.journal.calls[step]) \(moment)")
                }
            }
        }
    }

    @Test func manyStepsMayFail() async throws {
        var random = SeededRandom.announced()
        for _ in 0..<150 {
            let records = partition(&random)
            let (clean, model) = (ChainModel(refusing: ["evil"]), ChainModel(refusing: ["evil"]))
            for step in 1..<100 where Int.random(in: 0..<4, using: &random) == 0 {
                model.journal.fail(call: step, Journal.Moment.allCases.randomElement(using: &random) ?? .before)
            }
            try await drive(records, through: clean, cut: SeededRandom(seed: random.next()))
            try await drive(records, through: model, cut: SeededRandom(seed: random.next()))
            check(model, records)
            #expect(Result(model.store) == Result(clean.store))
        }
    }
}

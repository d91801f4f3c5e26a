import Events
import Stores
import Testing

extension RawEventStoreCheck {
    static let deadLetters: [RawEventStoreCheck] = [
        .init("dead letters are found by window, in order of offset, with all their fields") { fixture in
            let store = try await fixture.open()
            let entries = [12, 9, 10, 100].map { entry(at: $0) }
            try await store.recordDeadLetters(entries + [entry(at: 10, epoch: 2), entry(at: 10, partition: 1)])
            let window = OffsetWindow(partition: .first, offsets: 9..<13)
            #expect(try await store.deadLetters(in: window) == [entries[1], entries[2], entries[0]])
            await store.close()
        },
        .init("a window's lower bound belongs to it, the upper one does not") { fixture in
            let store = try await fixture.open()
            try await store.recordDeadLetters((0..<5).map { entry(at: $0) })
            let window = OffsetWindow(partition: .first, offsets: 1..<3)
            #expect(try await store.deadLetters(in: window).map(\.position.offset) == [1, 2])
            let none = OffsetWindow(partition: .first, offsets: 3..<3)
            #expect(try await store.deadLetters(in: none).isEmpty)
            await store.close()
        },
        .init("recording a dead letter again leaves it as it is, and adds those that are new") { fixture in
            let store = try await fixture.open()
            var first = entry(at: 1)
            first.state = .resolved
            try await store.recordDeadLetters([first])
            try await store.recordDeadLetters([entry(at: 1), entry(at: 2)])
            try await store.recordDeadLetters([])
            let window = OffsetWindow(partition: .first, offsets: 0..<10)
            #expect(try await store.deadLetters(in: window) == [first, entry(at: 2)])
            await store.close()
        },
        .init("dead letters are listed by time of failure and position, page by page, through every filter") {
            fixture in
            let store = try await fixture.open()
            try await store.recordDeadLetters(various.shuffled())
            for filter in filters {
                let wanted = various.filter(filter.matches).sorted {
                    ($0.failedAt, $0.position) < ($1.failedAt, $1.position)
                }
                var (found, last) = ([DeadLetterEntry](), DeadLetterEntry?.none)
                repeat {
                    let page = try await store.deadLetters(matching: filter, after: last, limit: 7)
                    #expect(page.count <= 7)
                    found += page
                    last = page.last
                } while last != nil
                #expect(found == wanted, "\(filter)")
            }
            #expect(try await store.deadLetters(matching: DeadLetterFilter(), after: nil, limit: 0).isEmpty)
            await store.close()
        },
        .init("dead letters move from one state to another once, and only those in the state given") { fixture in
            let store = try await fixture.open()
            let entries = (0..<4).map { entry(at: $0) }
            try await store.recordDeadLetters(entries)
            let first = entries[..<2].map(\.position)
            #expect(try await store.moveDeadLetters(at: first, from: .open, to: .replayed) == 2)
            #expect(try await store.moveDeadLetters(at: first, from: .open, to: .resolved) == 0)
            #expect(try await store.moveDeadLetters(at: entries.map(\.position), from: .open, to: .resolved) == 2)
            #expect(try await store.moveDeadLetters(at: [], from: .open, to: .resolved) == 0)
            let window = OffsetWindow(partition: .first, offsets: 0..<10)
            #expect(
                try await store.deadLetters(in: window).map(\.state) == [.replayed, .replayed, .resolved, .resolved])
            await store.close()
        },
    ]

    /// Letters that differ in everything a filter looks at, several at the same millisecond.
    private static let various: [DeadLetterEntry] = (Int64(0)..<40).map { number in
        var letter = entry(at: number, epoch: Int32(number % 2) + 1, partition: Int32(number % 3))
        letter.failedAt = 1_431_800_000_000 + number / 8
        letter.state = DeadLetterEntry.State.allCases[Int(number) % 3]
        letter.stage = number % 5 == 0 ? "store" : "decode"
        letter.reason = number % 4 == 0 ? "conflict" : "e\u{301}t\u{e9}"
        letter.source = number % 7 == 0 ? "" : "site"
        return letter
    }

    private static let filters: [DeadLetterFilter] = {
        func filter(_ set: (inout DeadLetterFilter) -> Void) -> DeadLetterFilter {
            var filter = DeadLetterFilter()
            set(&filter)
            return filter
        }
        return [
            filter { _ in }, filter { $0.state = .open }, filter { $0.stage = "store" },
            filter { $0.eventID = "event-7" }, filter { $0.eventID = "" }, filter { $0.eventID = "event" },
            filter { filter in
                filter.source = "site"
                filter.eventID = "event-9"
            },
            filter { $0.reason = "conflict" }, filter { $0.reason = "\u{e9}t\u{e9}" }, filter { $0.source = "" },
            filter { $0.failedAt = 1_431_800_000_001..<1_431_800_000_003 },
            filter { $0.window = OffsetWindow(partition: PartitionEpoch(epoch: 2, partition: 1), offsets: 5..<30) },
            filter { filter in
                filter.state = .replayed
                filter.stage = "decode"
                filter.source = "site"
            },
        ]
    }()

    private static func entry(at offset: Int64, epoch: Int32 = 1, partition: Int32 = 0) -> DeadLetterEntry {
        DeadLetterEntry(
            position: Position(epoch: epoch, partition: partition, offset: offset),
            deadLetter: LogOffset(partition: 7, offset: offset * 3), stage: "decode", reason: "invalid_json",
            message: "naïve — “quoted” \(offset)", source: offset % 2 == 0 ? "" : "site",
            eventID: offset % 2 == 0 ? "" : "event-\(offset)", failedAt: 1_431_800_000_000 + offset, state: .open)
    }
}

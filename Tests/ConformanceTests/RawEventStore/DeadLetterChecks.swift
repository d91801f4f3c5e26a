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
    ]

    private static func entry(at offset: Int64, epoch: Int32 = 1, partition: Int32 = 0) -> DeadLetterEntry {
        DeadLetterEntry(
            position: Position(epoch: epoch, partition: partition, offset: offset),
            deadLetter: LogOffset(partition: 7, offset: offset * 3), stage: "decode", reason: "invalid_json",
            message: "naïve — “quoted” \(offset)", source: offset % 2 == 0 ? "" : "site",
            eventID: offset % 2 == 0 ? "" : "event-\(offset)", failedAt: 1_431_800_000_000 + offset, state: .open)
    }
}

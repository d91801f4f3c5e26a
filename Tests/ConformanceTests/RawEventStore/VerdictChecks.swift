import Stores
import Testing

extension RawEventStoreCheck {
    static let verdicts: [RawEventStoreCheck] = [
        .init("an empty insert does nothing") { fixture in
            let store = try await fixture.open()
            #expect(try await store.insert([]) == [])
            await store.close()
        },
        .init("a new event is stored, and a redelivery of its record is stored again") { fixture in
            let store = try await fixture.open()
            let event = RawEvent.sample("a", at: 5)
            #expect(try await store.insert([event]) == [.stored])
            #expect(try await store.insert([event]) == [.stored])
            await store.close()
        },
        .init("a redelivery at the same position is stored whatever its content") { fixture in
            let store = try await fixture.open()
            #expect(try await store.insert([.sample("a", at: 5)]) == [.stored])
            #expect(try await store.insert([.sample("a", at: 5, payload: 2)]) == [.stored])
            await store.close()
        },
        .init("the same event from another position is a duplicate of the first") { fixture in
            let store = try await fixture.open()
            let first = RawEvent.sample("a", at: 5)
            #expect(try await store.insert([first]) == [.stored])
            let others: [RawEvent] = [
                .sample("a", at: 6), .sample("a", at: 5, epoch: 2), .sample("a", at: 5, partition: 1),
            ]
            for other in others {
                #expect(try await store.insert([other]) == [.duplicate(of: first.position)])
            }
            await store.close()
        },
        .init("another event with the same id is a conflict, and the first one stays") { fixture in
            let store = try await fixture.open()
            let first = RawEvent.sample("a", at: 5)
            var other = RawEvent.sample("a", at: 6, payload: 2)
            other.userID = "somebody else"
            #expect(try await store.insert([first]) == [.stored])
            #expect(try await store.insert([other]) == [.conflict(with: first.position)])
            #expect(try await store.event(source: "site", eventID: "a")?.userID == first.userID)
            await store.close()
        },
        .init("an id counts within its source") { fixture in
            let store = try await fixture.open()
            var other = RawEvent.sample("a", at: 6, payload: 2)
            other.source = "shop"
            #expect(try await store.insert([.sample("a", at: 5), other]) == [.stored, .stored])
            #expect(try await store.event(source: "shop", eventID: "a")?.position == other.position)
            await store.close()
        },
        .init("ids are told apart by their bytes, however alike they look") { fixture in
            let store = try await fixture.open()
            let events: [RawEvent] = [.sample("caf\u{E9}", at: 5), .sample("cafe\u{301}", at: 6, payload: 2)]
            #expect(try await store.insert(events) == [.stored, .stored])
            #expect(try await store.insert(events) == [.stored, .stored])
            await store.close()
        },
        .init("an id with a slash is not another source's event") { fixture in
            let store = try await fixture.open()
            let event = RawEvent.sample("b/c", at: 5)
            #expect(try await store.insert([event]) == [.stored])
            #expect(try await store.event(source: "site", eventID: "b/c")?.eventID == "b/c")
            #expect(try await store.event(source: "site/b", eventID: "x") == nil)
            await store.close()
        },
        .init("equal ids within one batch get verdicts as if they came one after the other") { fixture in
            let store = try await fixture.open()
            let batch: [RawEvent] = [
                .sample("a", at: 0), .sample("b", at: 1), .sample("a", at: 2), .sample("a", at: 3, payload: 9),
                .sample("b", at: 1),
            ]
            let first = batch[0].position
            #expect(
                try await store.insert(batch)
                    == [.stored, .stored, .duplicate(of: first), .conflict(with: first), .stored])
            await store.close()
        },
        .init("verdicts are in the batch's order among refusals, duplicates and new events") { fixture in
            let store = try await fixture.open()
            #expect(try await store.insert([.sample("old", at: 0)]) == [.stored])
            let verdicts = try await store.insert([
                .sample("huge", at: 1, metadata: "{\"v\":1e400}"), .sample("old", at: 2), .sample("new", at: 3),
                .sample("old", at: 0), .sample("old", at: 4, payload: 3),
            ])
            let old = Position(epoch: 1, partition: 0, offset: 0)
            #expect(verdicts[0].isRefusal)
            #expect(
                Array(verdicts.dropFirst()) == [.duplicate(of: old), .stored, .stored, .conflict(with: old)])
            #expect(try await store.event(source: "site", eventID: "huge") == nil)
            await store.close()
        },
        .init("an event beyond the engine's size is refused, the others are stored") { fixture in
            let store = try await fixture.open()
            let long = "{\"v\":\"" + String(repeating: "x", count: 17 * 1024 * 1024) + "\"}"
            let verdicts = try await store.insert([
                .sample("a", at: 0), .sample("b", at: 1, metadata: long), .sample("c", at: 2),
            ])
            #expect(verdicts[0] == .stored && verdicts[1].isRefusal && verdicts[2] == .stored)
            await store.close()
        },
        .init("verdicts are the same through a second handle and after reopening") { fixture in
            let store = try await fixture.open()
            let event = RawEvent.sample("a", at: 5)
            #expect(try await store.insert([event]) == [.stored])
            let other = try await fixture.open()
            #expect(try await other.insert([.sample("a", at: 9)]) == [.duplicate(of: event.position)])
            await store.close()
            await other.close()
            let again = try await fixture.open()
            #expect(try await again.insert([event]) == [.stored])
            #expect(try await again.insert([.sample("a", at: 9, payload: 4)]) == [.conflict(with: event.position)])
            await again.close()
        },
        .init("5,000 events at once, then all of them redelivered with one more") { fixture in
            let store = try await fixture.open()
            var batch = (0..<5_000).map { RawEvent.sample("e\($0)", at: Int64($0)) }
            #expect(try await store.insert(batch).allSatisfy { $0 == .stored })
            batch.append(.sample("one more", at: 5_000))
            #expect(try await store.insert(batch).allSatisfy { $0 == .stored })
            await store.close()
        },
        .init("two writers of the same events agree on which position holds each") { fixture in
            let (one, two) = (try await fixture.open(), try await fixture.open())
            async let left = one.insert((0..<300).map { .sample("e\($0)", at: Int64($0)) })
            async let right = two.insert((0..<300).map { .sample("e\($0)", at: Int64(1_000 + $0)) })
            for (index, pair) in zip(try await left, try await right).enumerated() {
                let (low, high) = (Int64(index), Int64(1_000 + index))
                let leftWon = InsertVerdict.duplicate(of: Position(epoch: 1, partition: 0, offset: low))
                let rightWon = InsertVerdict.duplicate(of: Position(epoch: 1, partition: 0, offset: high))
                #expect(pair == (.stored, leftWon) || pair == (rightWon, .stored), "event \(index): \(pair)")
            }
            await one.close()
            await two.close()
        },
    ]
}

extension InsertVerdict {
    var isRefusal: Bool {
        if case .refused(let reason) = self { !reason.isEmpty } else { false }
    }
}

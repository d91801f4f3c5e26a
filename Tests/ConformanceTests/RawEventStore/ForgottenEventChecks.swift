import Events
import Stores
import Testing

extension RawEventStoreCheck {
    static let forgetting: [RawEventStoreCheck] = [
        .init("a forgotten user's events keep id, position and what is counted, and nothing else") { fixture in
            let store = try await fixture.open()
            let keys = try #require(MetadataKeys(["plan", "n", "on", "absent"]))
            let metadata = #"{"plan":"pro \"x\"","n":1.50,"on":true,"secret":"s","deep":{"plan":"no"}}"#
            var events = (0..<6).map { RawEvent.sample("e\($0)", at: $0, metadata: $0 < 4 ? metadata : #"{"a":1}"#) }
            for index in events.indices { (events[index].userID, events[index].clientTimestamp) = ("ada", 77) }
            _ = try await store.insert(events)
            let before = try await read(store, keys)
            let window = OffsetWindow(partition: .first, offsets: 0..<100)
            #expect(
                try await store.forget("ada", of: "site", as: "token", in: window, keeping: keys) == events.count)
            for event in events {
                let left = try #require(try await store.event(source: "site", eventID: event.eventID))
                let expected = event.forgotten(as: "token", keeping: keys)
                #expect(left.userID == "token" && left.position == event.position)
                #expect(left.timestamp == event.timestamp && left.receivedAt == event.receivedAt)
                #expect(left.context == expected.context && left.clientTimestamp == nil)
                #expect(left.payloadHash == .forgotten)
                #expect((left.metadata == nil) == (expected.metadata == nil))
                #expect(left.metadata.map { !String(decoding: $0, as: UTF8.self).contains("secret") } ?? true)
            }
            let after = try await read(store, keys)
            #expect(after.map(\.dimensions) == before.map(\.dimensions))
            #expect(after.allSatisfy { $0.userID == "token" } && after.count == before.count)
            #expect(try await store.forget("ada", of: "site", as: "other", in: window, keeping: keys) == 0)
            await store.close()
        },
        .init("only the user's events of the source and the window are forgotten, by the bytes of the id") { fixture in
            let store = try await fixture.open()
            var events = (0..<8).map { RawEvent.sample("e\($0)", at: $0) }
            let names = [
                "caf\u{E9}", "cafe\u{301}", "caf\u{E9}", "CAF\u{C9}", "caf\u{E9}", "caf\u{E9}", "x", "caf\u{E9}",
            ]
            for (index, name) in names.enumerated() { events[index].userID = name }
            events[4].source = "shop"
            events[5].position.partition = 1
            _ = try await store.insert(events)
            let window = OffsetWindow(partition: .first, offsets: 0..<7)
            #expect(
                try await store.forget("caf\u{E9}", of: "site", as: "token", in: window, keeping: .none) == 2)
            for (index, event) in events.enumerated() {
                let left = try await store.event(source: event.source, eventID: event.eventID)
                let name = index == 0 || index == 2 ? "token" : names[index]
                #expect(left.map { ExactText($0.userID) } == ExactText(name), "\(index)")
            }
            await store.close()
        },
        .init("a forgotten event that comes again is stored or a duplicate, never a conflict") { fixture in
            let store = try await fixture.open()
            let event = RawEvent.sample("a", at: 5)
            _ = try await store.insert([event])
            let window = OffsetWindow(partition: .first, offsets: 5..<6)
            #expect(
                try await store.forget(event.userID, of: "site", as: "token", in: window, keeping: .none) == 1)
            #expect(try await store.insert([event]) == [.stored])
            #expect(
                try await store.insert([.sample("a", at: 6), .sample("a", at: 7, payload: 3)])
                    == [.duplicate(of: event.position), .duplicate(of: event.position)])
            #expect(try await store.event(source: "site", eventID: "a")?.userID == "token")
            await store.close()
        },
        .init("thousands of events are forgotten whole") { fixture in
            let store = try await fixture.open()
            let events = (0..<2_500).map { offset in
                var event = RawEvent.sample("e\(offset)", at: Int64(offset) * 2)
                event.userID = offset % 5 == 0 ? "bob" : "ada"
                return event
            }
            _ = try await store.insert(events)
            let window = OffsetWindow(partition: .first, offsets: 0..<5_000)
            #expect(try await store.forget("ada", of: "site", as: "token", in: window, keeping: .none) == 2_000)
            let left = try await store.withConsistentReader { try await $0.events(in: window) }
            #expect(left.map(\.userID) == events.map { $0.userID == "bob" ? "bob" : "token" })
            await store.close()
        },
    ]

    private static func read(_ store: any RawEventStore, _ keys: MetadataKeys) async throws -> [StoredEvent] {
        let window = OffsetWindow(partition: .first, offsets: 0..<100)
        return try await store.withConsistentReader { try await $0.events(in: window, metadata: keys) }
    }
}

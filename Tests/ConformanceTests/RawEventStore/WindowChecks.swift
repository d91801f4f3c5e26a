import Events
import Stores
import Testing

extension RawEventStoreCheck {
    static let windows: [RawEventStoreCheck] = [
        .init("a window holds exactly its offsets, in order, of its epoch and partition") { fixture in
            let store = try await fixture.open()
            let events = (0..<30).map { RawEvent.sample("a\($0)", at: Int64($0)) }
            _ = try await store.insert(
                events.reversed() + (0..<30).map { .sample("b\($0)", at: Int64($0), epoch: 2) }
                    + (0..<30).map { .sample("c\($0)", at: Int64($0), partition: 1) })
            let window = OffsetWindow(partition: .first, offsets: 7..<19)
            let found = try await store.withConsistentReader { try await $0.events(in: window) }
            #expect(found == events[7..<19].map(\.asStored))
            await store.close()
        },
        .init("windows that are empty, beyond the end or of an unknown epoch hold nothing") { fixture in
            let store = try await fixture.open()
            _ = try await store.insert([.sample("a", at: 0), .sample("b", at: 1)])
            let found = try await store.withConsistentReader { reader in
                try await reader.events(in: OffsetWindow(partition: .first, offsets: 1..<1))
                    + reader.events(in: OffsetWindow(partition: .first, offsets: 2..<100))
                    + reader.events(
                        in: OffsetWindow(partition: PartitionEpoch(epoch: 9, partition: 0), offsets: 0..<100))
            }
            #expect(found.isEmpty)
            await store.close()
        },
        .init("a large window comes back whole") { fixture in
            let store = try await fixture.open()
            let events = (0..<3_000).map { RawEvent.sample("e\($0)", at: Int64($0) * 2) }
            _ = try await store.insert(events)
            let window = OffsetWindow(partition: .first, offsets: 0..<6_000)
            let found = try await store.withConsistentReader { try await $0.events(in: window) }
            #expect(found == events.map(\.asStored))
            await store.close()
        },
        .init("values of metadata come along, those asked for and in that order") { fixture in
            let store = try await fixture.open()
            let keys = try #require(MetadataKeys(["plan", "n", "absent", "_id-2"]))
            for (index, (metadata, _)) in countedMetadata.enumerated() {
                let event = RawEvent.sample("m\(index)", at: Int64(index), metadata: metadata)
                #expect(try await store.insert([event]) == [.stored])
            }
            let window = OffsetWindow(partition: .first, offsets: 0..<100)
            let found = try await store.withConsistentReader { try await $0.events(in: window, metadata: keys) }
            #expect(found.count == countedMetadata.count)
            for ((metadata, values), event) in zip(countedMetadata, found) {
                #expect(event.dimensions.metadata == values, "\(metadata.prefix(60))")
            }
            let none = try await store.withConsistentReader { try await $0.events(in: window) }
            #expect(none.allSatisfy { $0.dimensions.metadata.isEmpty } && none.count == found.count)
            await store.close()
        },
        .init("what progress tells as stored is found, while a writer is at work") { fixture in
            let (store, reading) = (try await fixture.open(), try await fixture.open())
            let begun = try await store.beginEpoch(IngestProgress(partition: .first, first: 0))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await write(rounds: 40, from: begun, to: store) }
                var last: Int64 = 0
                while last < 40 * 25 {
                    let (told, found) = try await reading.withConsistentReader { reader in
                        let told = try #require(try await reader.progress().first)
                        let window = OffsetWindow(partition: .first, offsets: told.first..<told.next)
                        return (told.stored, try await reader.events(in: window).count)
                    }
                    try #require(told == Int64(found))
                    try #require(told >= last)
                    last = told
                }
                try await group.waitForAll()
            }
            await store.close()
            await reading.close()
        },
        .init("a reader hands on what its body throws") { fixture in
            struct Sentinel: Error {}
            let store = try await fixture.open()
            await #expect(throws: Sentinel.self) {
                try await store.withConsistentReader { _ in throw Sentinel() }
            }
            #expect(try await store.withConsistentReader { try await $0.progress() }.isEmpty)
            await store.close()
        },
    ]

    /// Metadata, and what `plan`, `n`, `absent` and `_id-2` count as.
    private static let countedMetadata: KeyValuePairs<String, [String?]> = [
        #"{"x":{"plan":"inner"},"plan":"pro","n":7,"_id-2":true}"#: ["pro", "7", nil, "true"],
        #"{"n":-0,"plan":"","_id-2":false}"#: [nil, "0", nil, "false"],
        #"{"n":1.0,"plan":null}"#: [nil, "1", nil, nil],
        #"{"n":1e2,"plan":["pro"],"_id-2":{"a":1}}"#: [nil, "100", nil, nil],
        #"{"n":0.1,"plan":"a\u0000b\ud83c\udf88"}"#: ["a\u{FFFD}b🎈", "0.1", nil, nil],
        #"{"n":9223372036854775807,"plan":"pr\u006f"}"#: ["pro", "9223372036854775807", nil, nil],
        #"{"n":1e300,"pl\u0061n":"free"}"#: ["free", "1e+300", nil, nil],
        #"{"n":-2.5e-7}"#: [nil, "-2.5e-07", nil, nil],
        "{\"plan\":\"" + String(repeating: "é", count: 200) + "\"}": [
            String(repeating: "é", count: 128), nil, nil, nil,
        ],
        "{}": [nil, nil, nil, nil], "null": [nil, nil, nil, nil],
    ]

    /// Stores 25 events and moves progress past them, so many times.
    private static func write(
        rounds: Int, from begun: IngestProgress, to store: any RawEventStore
    ) async throws {
        var state = begun
        for round in 0..<rounds {
            let events = (0..<25).map { RawEvent.sample("e\(state.next + $0)", at: state.next + $0) }
            try #require(try await store.insert(events).allSatisfy { $0 == .stored })
            let new = state.advanced(by: 25, batch: "round \(round)")
            try #require(try await store.advance(from: state, to: new) == .advanced)
            state = new
        }
    }
}

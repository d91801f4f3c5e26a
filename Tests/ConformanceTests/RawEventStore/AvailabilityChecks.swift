import Events
import Stores
import Testing

extension RawEventStoreCheck {
    static let availability: [RawEventStoreCheck] = [
        .init("provisioning again, and twice at once, changes nothing") { fixture in
            let (store, other) = (try await fixture.open(), try await fixture.open())
            #expect(try await store.insert([.sample("a", at: 0)]) == [.stored])
            async let left: Void = store.provision()
            async let right: Void = other.provision()
            _ = try await (left, right)
            #expect(try await store.insert([.sample("a", at: 0)]) == [.stored])
            await store.close()
            await other.close()
        },
        .init("a store that is there is healthy") { fixture in
            let store = try await fixture.open()
            try await store.checkHealth()
            await store.close()
        },
        .init("a closed store says so, and may be closed again") { fixture in
            let store = try await fixture.open()
            await store.close()
            await store.close()
            for (name, call) in everyCall {
                await #expect("\(name) on a closed store") { try await call(store) } throws: {
                    ($0 as? DatabaseError)?.code == .closed
                }
            }
        },
        .init("a reader of a store that was closed meanwhile says so") { fixture in
            let store = try await fixture.open()
            await #expect {
                try await store.withConsistentReader { reader in
                    await store.close()
                    _ = try await reader.progress()
                }
            } throws: {
                ($0 as? DatabaseError)?.code == .closed
            }
        },
        .init("calls that are under way when the store closes end") { fixture in
            let store = try await fixture.open()
            let writing = Task {
                for offset: Int64 in 0..<10_000 { _ = try await store.insert([.sample("e\(offset)", at: offset)]) }
            }
            while try await store.event(source: "site", eventID: "e3") == nil {}
            await store.close()
            await #expect { try await writing.value } throws: { ($0 as? DatabaseError)?.code == .closed }
        },
        .init("a store that cannot be reached fails in time, and for a time only") { fixture in
            guard let (store, limit) = try await fixture.openUnreachable() else { return }
            for (name, call) in everyCall {
                let start = ContinuousClock.now
                await #expect("\(name) without an engine") { try await call(store) } throws: {
                    ($0 as? DatabaseError)?.isTransient == true
                }
                #expect(.now - start < limit, "\(name)")
            }
            await store.close()
        },
    ]

    private static let everyCall: [(String, @Sendable (any RawEventStore) async throws -> Void)] = [
        ("provision", { try await $0.provision() }),
        ("insert", { _ = try await $0.insert([.sample("a", at: 0)]) }),
        ("event", { _ = try await $0.event(source: "site", eventID: "a") }),
        ("latestProgress", { _ = try await $0.latestProgress(of: [0]) }),
        ("beginEpoch", { _ = try await $0.beginEpoch(IngestProgress(partition: .first, first: 0)) }),
        (
            "advance",
            {
                let old = IngestProgress(partition: .first, first: 0)
                _ = try await $0.advance(from: old, to: old.advanced(by: 1, batch: "x"))
            }
        ),
        (
            "recordDeadLetters",
            { store in
                try await store.recordDeadLetters([
                    DeadLetterEntry(
                        position: Position(epoch: 1, partition: 0, offset: 0),
                        deadLetter: LogOffset(partition: 0, offset: 0), stage: "s", reason: "r", message: "m",
                        source: "", eventID: "", failedAt: 0, state: .open)
                ])
            }
        ),
        ("deadLetters", { _ = try await $0.deadLetters(in: OffsetWindow(partition: .first, offsets: 0..<9)) }),
        ("withConsistentReader", { _ = try await $0.withConsistentReader { try await $0.progress() } }),
        ("checkHealth", { try await $0.checkHealth() }),
    ]
}

import Stores
import Testing

extension RollupStoreCheck {
    static let isolation = [
        RollupStoreCheck("a rolled-back transaction leaves nothing, and its error comes through") { fixture in
            let store = try await fixture.openProvisioned()
            await #expect(throws: Deliberate()) {
                try await store.withTransaction { transaction in
                    _ = try await transaction.lockCursors()
                    try await writeEverything(transaction)
                    throw Deliberate()
                }
            }
            let reader = try await fixture.open()
            #expect(try await everything(in: reader) == Everything())
            #expect(try await merge(store) { try await $0.addVisitors(users([1]), to: "web") } == 0)
            await store.close()
            await reader.close()
        },

        RollupStoreCheck("a transaction reads what it wrote; others do not before it commits") { fixture in
            let store = try await fixture.openProvisioned()
            let other = try await fixture.open()
            try await merge(store) { transaction in
                try await writeEverything(transaction)
                #expect(try await Everything(of: transaction).isWritten)
                // A reader of the same handle and of another one: neither waits for the writer.
                #expect(try await everything(in: store) == Everything())
                #expect(try await everything(in: other) == Everything())
            }
            #expect(try await everything(in: other).isWritten)
            await store.close()
            await other.close()
        },

        RollupStoreCheck("a reader sees one commit, whatever is committed between its reads") { fixture in
            let store = try await fixture.openProvisioned()
            let writer = try await fixture.open()
            try await store.withReader { reader in
                #expect(try await reader.state().revision == 0)
                try await merge(writer) { try await writeEverything($0) }
                #expect(try await Everything(of: reader) == Everything())
            }
            #expect(try await everything(in: store).isWritten)
            await store.close()
            await writer.close()
        },

        RollupStoreCheck("a second merger waits for the first, and then sees its work", secondWaits),

        RollupStoreCheck("a transaction is over when its body is") { fixture in
            let store = try await fixture.openProvisioned()
            let leaked = try await store.withTransaction { transaction in transaction }
            await expect(.closed) { try await leaked.raiseRevision() }
            let reader = try await store.withReader { reader in reader }
            await expect(.closed) { _ = try await reader.state() }
            try await merge(store) { try await $0.raiseRevision() }
            await expect(.closed) { try await leaked.raiseRevision() }
            #expect(try await store.withReader { try await $0.state() }.revision == 1)
            await store.close()
        },

        RollupStoreCheck("mergers of many tasks come one after the other") { fixture in
            let store = try await fixture.openProvisioned()
            try await withThrowingTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await merge(store) { transaction in
                            let revision = try await transaction.state().revision
                            try await transaction.raiseRevision()
                            #expect(try await transaction.state().revision == revision + 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.withReader { try await $0.state() }.revision == 20)
            await store.close()
        },
    ]
}

private func writeEverything(_ transaction: any RollupTransaction) async throws {
    try await transaction.add([(key("/a"), counts(2, 1))])
    _ = try await transaction.addVisitors(users([1]), to: "web")
    try await transaction.appendDeltas([(key("/a"), [1])])
    try await transaction.compact(key("/b"), chunks: [1: [2]])
    try await transaction.moveCursors([(nil, cursor(0, 3))])
    try await transaction.setCompleteThrough(7)
    try await transaction.raiseRevision()
}

/// All that `writeEverything` touches; the default is a new store's.
private struct Everything: Equatable {
    var state = RollupState(timeZone: zone, zoneRules: zoneRules, completeThrough: nil, revision: 0)
    var sources: [String] = []
    var cursors: [RollupCursor] = []
    var counts: [RollupCounts] = []
    var sets: [RollupKey: StoredSet] = [:]
    var visitors = 0

    init() {}

    init(of reader: any RollupReader) async throws {
        state = try await reader.state()
        sources = try await reader.sources()
        cursors = try await reader.cursors()
        counts = try await reader.counts(
            .day, periods: -100_000...100_000, sources: nil, dimension: "path", value: "/a"
        ).map(\.counts)
        sets = try await reader.sets([key("/a"), key("/b")])
        visitors = try await reader.visitors(of: "web", [user(1)]).count
    }

    var isWritten: Bool {
        state == RollupState(timeZone: zone, zoneRules: zoneRules, completeThrough: 7, revision: 1)
            && sources == ["web"]
            && cursors == [cursor(0, 3)] && counts == [RollupCounts(events: 2, visitors: 1)] && sets.count == 2
            && visitors == 1
    }
}

private func everything(in store: any RollupStore) async throws -> Everything {
    try await store.withReader { try await Everything(of: $0) }
}

private let secondWaits: @Sendable (any RollupStoreFixture) async throws -> Void = { fixture in
    let first = try await fixture.openProvisioned()
    let second = try await fixture.open()
    let journal = Journal()
    let (firstHolds, secondComes) = (Gate(), Gate())
    try await withThrowingTaskGroup { group in
        group.addTask {
            try await first.withTransaction { transaction in
                _ = try await transaction.lockCursors()
                await firstHolds.open()
                await secondComes.wait()
                // Work enough for the second to be done long before, if nothing held it back.
                for _ in 0..<200 { _ = try await transaction.state() }
                try await transaction.moveCursors([(nil, cursor(0, 1))])
                await journal.note("first ends")
            }
        }
        group.addTask {
            await firstHolds.wait()
            await secondComes.open()
            try await second.withTransaction { transaction in
                let seen = try await transaction.lockCursors()
                await journal.note("second holds")
                #expect(seen == [cursor(0, 1)])
            }
        }
        try await group.waitForAll()
    }
    #expect(await journal.entries == ["first ends", "second holds"])
    await first.close()
    await second.close()
}

import Stores
import Testing

extension RollupStoreCheck {
    static let cursors = [
        RollupStoreCheck("cursors are made, moved, and listed by epoch and partition") { fixture in
            let store = try await fixture.openProvisioned()
            let made = [cursor(3, 5), cursor(0, 9, stored: 4), cursor(0, 0, epoch: 2), cursor(20, 1)]
            try await merge(store) { try await $0.moveCursors(made.map { (nil, $0) }) }
            try await merge(store) { transaction in
                try await transaction.moveCursors([(cursor(3, 5), cursor(3, 8, stored: 6)), (nil, cursor(1, 1))])
                try await transaction.moveCursors([])
            }
            let expected = [
                cursor(0, 9, stored: 4), cursor(1, 1), cursor(3, 8, stored: 6), cursor(20, 1), cursor(0, 0, epoch: 2),
            ]
            #expect(try await store.withReader { try await $0.cursors() } == expected)
            #expect(try await store.withTransaction { try await $0.lockCursors() } == expected)
            await store.close()
        },

        RollupStoreCheck("a cursor that is elsewhere is not moved, and the transaction fails as a whole") { fixture in
            let store = try await fixture.openProvisioned()
            try await merge(store) { try await $0.moveCursors([(nil, cursor(0, 5, stored: 4)), (nil, cursor(1, 1))]) }
            let wrong: [(from: RollupCursor?, to: RollupCursor)] = [
                (cursor(0, 4), cursor(0, 6)), (cursor(0, 5, stored: 5), cursor(0, 6)), (nil, cursor(0, 6)),
                (cursor(0, 5, epoch: 2, stored: 4), cursor(0, 6, epoch: 2)), (cursor(7, 1), cursor(7, 2)),
            ]
            for move in wrong {
                await expect(.contended) {
                    try await store.withTransaction { transaction in
                        try await transaction.add([(key(), counts(1, 1))])
                        try await transaction.moveCursors([(cursor(1, 1), cursor(1, 2)), move])
                    }
                }
                // Also where the caller looks away.
                await expect(.contended) {
                    try await store.withTransaction { transaction in
                        try await transaction.add([(key(), counts(1, 1))])
                        do { try await transaction.moveCursors([move]) } catch {}
                    }
                }
            }
            #expect(try await row(key(), in: store) == nil)
            let cursors = try await store.withReader { try await $0.cursors() }
            #expect(cursors == [cursor(0, 5, stored: 4), cursor(1, 1)])
            await store.close()
        },

        RollupStoreCheck("of many who make the same cursor, one wins", creationRace),

        RollupStoreCheck("the revision counts, and completeThrough never goes back") { fixture in
            let store = try await fixture.openProvisioned()
            let times: [Int64] = [1_431_855_600_123, 5, 1_431_855_600_122, 1_431_855_600_124, -1]
            for time in times {
                try await merge(store) { transaction in
                    try await transaction.setCompleteThrough(time)
                    try await transaction.raiseRevision()
                }
            }
            #expect(
                try await store.withReader { try await $0.state() }
                    == RollupState(
                        timeZone: zone, zoneRules: zoneRules, completeThrough: 1_431_855_600_124, revision: 5))
            await store.close()
        },
    ]
}

private let creationRace: @Sendable (any RollupStoreFixture) async throws -> Void = { fixture in
    try await (fixture.openProvisioned()).close()
    let outcomes = try await withThrowingTaskGroup { group in
        for _ in 0..<4 {
            group.addTask {
                let store = try await fixture.open()
                defer { Task { await store.close() } }
                do {
                    // Without the lock, so that only the comparison decides.
                    try await store.withTransaction { transaction in
                        try await transaction.add([(key(), counts(1, 1))])
                        try await transaction.moveCursors([(nil, cursor(0, 1))])
                    }
                    return "won"
                } catch let error as DatabaseError { return error.code.rawValue }
            }
        }
        return try await group.reduce(into: [String]()) { $0.append($1) }
    }
    #expect(outcomes.sorted() == ["contended", "contended", "contended", "won"])
    let store = try await fixture.open()
    #expect(try await row(key(), in: store) == counts(1, 1))
    await store.close()
}

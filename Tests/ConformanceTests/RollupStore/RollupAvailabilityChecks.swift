import Stores
import Testing

extension RollupStoreCheck {
    static let availability = [
        RollupStoreCheck("a closed store says so, and closing twice is harmless") { fixture in
            let store = try await fixture.openProvisioned()
            await store.close()
            await store.close()
            await expect(.closed) { try await store.checkHealth() }
            await expect(.closed) { try await store.provision(timeZone: zone) }
            await expect(.closed) { try await store.withTransaction { _ in } }
            await expect(.closed) { try await store.withReader { _ in } }
        },

        RollupStoreCheck("a store that is not there is a transient error within its time limit") { fixture in
            guard let (store, limit) = try await fixture.openUnreachable() else { return }
            let calls: [@Sendable () async throws -> Void] = [
                { try await store.checkHealth() }, { try await store.provision(timeZone: zone) },
                { try await store.withTransaction { _ in } }, { try await store.withReader { _ in } },
            ]
            for call in calls {
                let start = ContinuousClock.now
                let error = await #expect(throws: DatabaseError.self) { try await call() }
                #expect(error?.isTransient == true, "\(error?.description ?? "")")
                #expect(ContinuousClock.now - start < limit)
            }
            await store.close()
        },

        RollupStoreCheck("text that the engine refuses is the value's fault or is kept, and the store goes on") {
            fixture in
            let store = try await fixture.openProvisioned()
            do {
                try await merge(store) { try await $0.add([(key("a\u{0}b"), counts(1, 1))]) }
                #expect(try await row(key("a\u{0}b"), in: store) == counts(1, 1))
            } catch let error as DatabaseError { #expect(error.code == .refusedValue) }
            try await merge(store) { try await $0.add([(key("ab"), counts(1, 1))]) }
            #expect(try await row(key("ab"), in: store) == counts(1, 1))
            await store.close()
        },

        RollupStoreCheck("a cancelled task's transaction is rolled back, and the store goes on") { fixture in
            let store = try await fixture.openProvisioned()
            let entered = Gate()
            let task = Task {
                try await store.withTransaction { transaction in
                    _ = try await transaction.lockCursors()
                    try await transaction.raiseRevision()
                    await entered.open()
                    while true { _ = try await transaction.state() }
                }
            }
            await entered.wait()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await merge(store) { try await $0.raiseRevision() }
            #expect(try await store.withReader { try await $0.state() }.revision == 1)
            await store.close()
        },
    ]
}

import Stores
import Testing

extension RollupStoreCheck {
    static let provisioning = [
        RollupStoreCheck("provisioning twice changes nothing") { fixture in
            let store = try await fixture.openProvisioned()
            try await merge(store) { try await $0.add([(key("/a"), counts(2, 1))]) }
            try await store.provision(timeZone: zone)
            #expect(try await row(key("/a"), in: store) == counts(2, 1))
            try await store.checkHealth()
            await store.close()
        },

        RollupStoreCheck("several may provision at once") { fixture in
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 {
                    group.addTask { await (try fixture.openProvisioned()).close() }
                }
                try await group.waitForAll()
            }
            let store = try await fixture.open()
            try await store.checkHealth()
            #expect(
                try await store.withReader { try await $0.state() }
                    == RollupState(timeZone: zone, zoneRules: zoneRules, completeThrough: nil, revision: 0))
            await store.close()
        },

        RollupStoreCheck("an unprovisioned store says so") { fixture in
            let store = try await fixture.open()
            await expect(.notProvisioned) { try await store.checkHealth() }
            await expect(.notProvisioned) { _ = try await store.withReader { try await $0.state() } }
            await expect(.notProvisioned) { _ = try await store.withTransaction { try await $0.lockCursors() } }
            try await store.provision(timeZone: zone)
            try await store.checkHealth()
            await store.close()
        },

        RollupStoreCheck("another time zone is refused once there are rollups") { fixture in
            let store = try await fixture.openProvisioned()
            try await store.provision(timeZone: "America/Lima")
            #expect(try await store.withReader { try await $0.state() }.timeZone == "America/Lima")
            try await merge(store) { try await $0.add([(key(), counts(1, 1))]) }
            await expect(.invalidConfiguration) { try await store.provision(timeZone: zone) }
            #expect(try await store.withReader { try await $0.state() }.timeZone == "America/Lima")
            try await store.provision(timeZone: "America/Lima")
            await store.close()
        },

        RollupStoreCheck("a cursor alone fixes the time zone too") { fixture in
            let store = try await fixture.openProvisioned()
            try await merge(store) { try await $0.moveCursors([(nil, cursor(0, 5))]) }
            await expect(.invalidConfiguration) { try await store.provision(timeZone: "UTC") }
            await store.close()
        },
    ]
}

import Stores
import Testing

extension RollupStoreCheck {
    static let leads = [
        RollupStoreCheck("one holder leads; another follows when the term is over or the lead given up") { fixture in
            let store = try await fixture.openProvisioned()
            let other = try await fixture.open()
            #expect(try await store.lead(as: "a", for: .seconds(600)))
            #expect(try await !other.lead(as: "b", for: .seconds(600)))
            #expect(try await store.lead(as: "a", for: .milliseconds(300)), "a lead is renewed, also for less")
            var tries = 0
            while try await !other.lead(as: "b", for: .seconds(600)), tries < 1_200 {
                tries += 1
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(tries < 1_200)
            #expect(try await !store.lead(as: "a", for: .seconds(600)))
            try await store.resign(as: "a")
            #expect(try await !store.lead(as: "a", for: .seconds(600)), "only the holder can give up")
            try await other.resign(as: "b")
            #expect(try await store.lead(as: "a", for: .seconds(600)))
            await store.close()
            await other.close()
        },

        RollupStoreCheck("the lead is renewed while a long transaction goes on") { fixture in
            let store = try await fixture.openProvisioned()
            try await merge(store) { transaction in
                #expect(try await store.lead(as: "a", for: .seconds(600)))
                try await transaction.raiseRevision()
                #expect(try await store.lead(as: "a", for: .seconds(600)))
            }
            await store.close()
        },

        RollupStoreCheck("of racing holders one leads") { fixture in
            let store = try await fixture.openProvisioned()
            let leaders = try await withThrowingTaskGroup(of: Bool.self) { group in
                for name in 0..<8 { group.addTask { try await store.lead(as: "\(name)", for: .seconds(600)) } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(leaders == 1)
            await store.close()
        },
    ]
}

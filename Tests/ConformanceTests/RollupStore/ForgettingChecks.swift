import Events
import Stores
import Testing

extension RollupStoreCheck {
    static let forgetting = [
        RollupStoreCheck("a visitor who is being forgotten keeps number and first day, by another digest") { fixture in
            let store = try await fixture.openProvisioned()
            let begun = try await merge(store) { transaction in
                _ = try await transaction.addVisitors(users([1, 2], day: 7), to: "web")
                _ = try await transaction.addVisitors(users([2]), to: "app")
                return try await transaction.beginForgetting(user(2), of: "web", as: "token")
            }
            #expect(begun.forgetting == Forgetting(source: "web", user: user(2), token: "token"))
            #expect(begun.isVisitor)
            let found = try await store.withReader { reader in
                (
                    try await reader.visitors(of: "web", [user(1), user(2), begun.forgetting.alias]),
                    try await reader.visitors(of: "app", [user(2)]), try await reader.forgettings()
                )
            }
            #expect(
                found.0 == [
                    user(1): VisitorRecord(number: 0, firstDay: 7),
                    begun.forgetting.alias: VisitorRecord(number: 1, firstDay: 7),
                ])
            #expect(found.1.count == 1, "another source's visitor stays")
            #expect(found.2 == [begun.forgetting])
            await store.close()
        },

        RollupStoreCheck("forgetting begins once, and ends once") { fixture in
            let store = try await fixture.openProvisioned()
            _ = try await merge(store) { try await $0.addVisitors(users([1]), to: "web") }
            let first = try await merge(store) { try await $0.beginForgetting(user(1), of: "web", as: "first") }
            let second = try await merge(store) { try await $0.beginForgetting(user(1), of: "web", as: "second") }
            #expect(second.forgetting == first.forgetting)
            #expect(first.isVisitor && second.isVisitor)
            #expect(try await store.withReader { try await $0.state() }.forgotten == 0)
            try await merge(store) { try await $0.endForgetting(first.forgetting) }
            let state = try await store.withReader { try await $0.state() }
            #expect(state.forgotten == 1 && state.revision == 0, "no number has changed")
            #expect(try await store.withReader { try await $0.forgettings() }.isEmpty)
            await expect(.contended) {
                try await store.withTransaction { try await $0.endForgetting(first.forgetting) }
            }
            let again = try await merge(store) { try await $0.beginForgetting(user(1), of: "web", as: "third") }
            #expect(again.forgetting.token == "third" && !again.isVisitor)
            #expect(try await merge(store) { try await $0.addVisitors(users([1]), to: "web") } == 1)
            await store.close()
        },
    ]
}

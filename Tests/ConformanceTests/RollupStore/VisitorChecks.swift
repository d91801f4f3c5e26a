import Events
import Stores
import Testing

extension RollupStoreCheck {
    static let visitors = [
        RollupStoreCheck("visitors get dense numbers, by source, in the order given") { fixture in
            let store = try await fixture.openProvisioned()
            let firsts = try await merge(store) { transaction in
                [
                    try await transaction.addVisitors(users([5, 3, 9]), to: "web"),
                    try await transaction.addVisitors(users([3]), to: "app"),
                    try await transaction.addVisitors(users([7], day: -4), to: "web"),
                ]
            }
            #expect(firsts == [0, 0, 3])
            let web = try await store.withReader { try await $0.visitors(of: "web", [9, 3, 5, 7, 8, 3].map(user)) }
            #expect(
                web == [
                    user(5): VisitorRecord(number: 0, firstDay: 100), user(3): VisitorRecord(number: 1, firstDay: 100),
                    user(9): VisitorRecord(number: 2, firstDay: 100), user(7): VisitorRecord(number: 3, firstDay: -4),
                ])
            #expect(
                try await store.withReader { try await $0.visitors(of: "app", [user(3), user(5)]) }
                    == [user(3): VisitorRecord(number: 0, firstDay: 100)])
            #expect(try await store.withReader { try await $0.visitors(of: "none", [user(3)]) } == [:])
            #expect(try await store.withReader { try await $0.visitors(of: "web", []) } == [:])
            await store.close()
        },

        RollupStoreCheck("hashes are kept bit for bit") { fixture in
            let store = try await fixture.openProvisioned()
            let hashes = [
                Digest128(high: 0, low: 0), Digest128(high: .max, low: .max), Digest128(high: 0, low: 1),
                Digest128(high: 1, low: 0), Digest128(high: 0x5c78_0027_2200_ff80, low: 0x8000_0000_0000_0000),
            ]
            _ = try await merge(store) { try await $0.addVisitors(hashes.map { ($0, 1) }, to: "web") }
            let found = try await store.withReader { try await $0.visitors(of: "web", hashes) }
            #expect(hashes.map { found[$0]?.number } == [0, 1, 2, 3, 4])
            await store.close()
        },

        RollupStoreCheck("a visitor twice in one call is refused, and nothing is kept") { fixture in
            let store = try await fixture.openProvisioned()
            await expect(.refusedValue) {
                _ = try await store.withTransaction { try await $0.addVisitors(users([1, 2, 1]), to: "web") }
            }
            #expect(try await merge(store) { try await $0.addVisitors(users([4]), to: "web") } == 0)
            await store.close()
        },

        RollupStoreCheck("the first day is only ever lowered") { fixture in
            let store = try await fixture.openProvisioned()
            try await merge(store) { transaction in
                _ = try await transaction.addVisitors(users(0..<4), to: "web")
                _ = try await transaction.addVisitors(users(0..<4), to: "app")
                try await transaction.lowerFirstDays(
                    [(0, 99), (1, 101), (2, 98), (2, 90), (2, 95), (77, 1)], of: "web")
                try await transaction.lowerFirstDays([], of: "web")
            }
            let web = try await store.withReader { try await $0.visitors(of: "web", (0..<4).map(user)) }
            #expect((0..<4).map { web[user($0)]?.firstDay } == [99, 100, 90, 100])
            let app = try await store.withReader { try await $0.visitors(of: "app", (0..<4).map(user)) }
            #expect((0..<4).allSatisfy { app[user($0)]?.firstDay == 100 })
            await store.close()
        },

        RollupStoreCheck("new visitors are counted by their first day, also after it was lowered") { fixture in
            let store = try await fixture.openProvisioned()
            try await merge(store) { transaction in
                _ = try await transaction.addVisitors(users(0..<4) + users(4..<6, day: -3), to: "web")
                _ = try await transaction.addVisitors(users(0..<1, day: 101), to: "app")
            }
            func new(_ days: ClosedRange<PeriodNumber>, _ sources: [String]? = nil) async throws -> [NewVisitors] {
                try await store.withReader { try await $0.newVisitors(days: days, sources: sources) }
            }
            @Sendable func day(_ source: String, _ day: PeriodNumber, _ visitors: Int64) -> NewVisitors {
                NewVisitors(source: source, day: day, visitors: visitors)
            }
            #expect(try await new(-3...101) == [day("app", 101, 1), day("web", -3, 2), day("web", 100, 4)])
            #expect(try await new(0...100, ["web", "app"]) == [day("web", 100, 4)])
            #expect(try await new(101...101, ["web"]) == [])
            #expect(try await new(-3...101, []) == [])
            try await merge(store) { transaction in
                try await transaction.lowerFirstDays(
                    [(0, 99), (1, 101), (2, 98), (2, 90), (2, 95), (3, 99), (77, 1)], of: "web")
                try await transaction.lowerFirstDays([(0, 100)], of: "app")
                // Who is met twice is counted once, where first met.
                #expect(
                    try await transaction.newVisitors(days: 0...200, sources: nil)
                        == [day("app", 100, 1), day("web", 90, 1), day("web", 99, 2), day("web", 100, 1)])
            }
            await #expect(throws: Deliberate.self) {
                try await merge(store) { transaction in
                    _ = try await transaction.addVisitors(users(50..<60), to: "web")
                    throw Deliberate()
                }
            }
            #expect(try await new(100...100) == [day("app", 100, 1), day("web", 100, 1)])
            await store.close()
        },

        RollupStoreCheck("racing writers leave no gap and no number twice, also when they roll back", racingWriters),
    ]
}

private let racingWriters: @Sendable (any RollupStoreFixture) async throws -> Void = { fixture in
    try await (fixture.openProvisioned()).close()
    let rounds = 24
    try await withThrowingTaskGroup { group in
        for writer in 0..<2 {
            group.addTask {
                let store = try await fixture.open()
                for round in 0..<rounds {
                    let first = (writer * rounds + round) * 5
                    do {
                        try await merge(store) { transaction in
                            _ = try await transaction.addVisitors(users(first..<(first + 5)), to: "web")
                            if round % 3 == 1 { throw Deliberate() }
                        }
                        #expect(round % 3 != 1)
                    } catch is Deliberate { #expect(round % 3 == 1) }
                }
                await store.close()
            }
        }
        try await group.waitForAll()
    }
    let store = try await fixture.open()
    let found = try await store.withReader { try await $0.visitors(of: "web", (0..<(rounds * 10)).map(user)) }
    #expect(found.values.map(\.number).sorted() == Array(0..<UInt32(rounds * 10 * 2 / 3)))
    await store.close()
}

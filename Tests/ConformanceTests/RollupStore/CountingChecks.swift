import Stores
import Testing

extension RollupStoreCheck {
    static let counting = [
        RollupStoreCheck("changes add up, also of one key in one call") { fixture in
            let store = try await fixture.openProvisioned()
            try await merge(store) {
                try await $0.add([(key("/a"), counts(2, 1)), (key("/b"), counts(5, 5)), (key("/a"), counts(3, 1))])
                try await $0.add([(key("/a"), counts(10, 0))])
                try await $0.add([])
            }
            try await merge(store) { try await $0.add([(key("/a"), counts(-1, -1))]) }
            #expect(try await row(key("/a"), in: store) == counts(14, 1))
            #expect(try await row(key("/b"), in: store) == counts(5, 5))
            await store.close()
        },

        RollupStoreCheck("numbers are as large as 64 bits") { fixture in
            let store = try await fixture.openProvisioned()
            try await merge(store) { try await $0.add([(key(), counts(.max - 1, 4_294_967_296))]) }
            try await merge(store) { try await $0.add([(key(), counts(1, 0))]) }
            #expect(try await row(key(), in: store) == counts(.max, 4_294_967_296))
            await store.close()
        },

        RollupStoreCheck("granularities, dimensions, values and sources are apart", rowsAreApart),
        RollupStoreCheck("counts come by period and source, in order", countsInOrder),

        RollupStoreCheck("periods reach far, to both sides of 1970") { fixture in
            let store = try await fixture.openProvisioned()
            let keys =
                [0, -1, 1, -100_000, 3_000_000].map { key("", $0) }
                + [0, -1, 5_000_000, -4_000_000].map { key("", $0, .interval) } + [key("", -3, .week)]
            try await merge(store) { try await $0.add(keys.map { ($0, counts(Int64($0.period), 1)) }) }
            for key in keys { #expect(try await row(key, in: store) == counts(Int64(key.period), 1), "\(key)") }
            await store.close()
        },

        RollupStoreCheck("values are any text, and differ by their bytes") { fixture in
            let store = try await fixture.openProvisioned()
            let keys =
                oddValues.map { key($0, dimension: "path") }
                + oddValues.filter { $0.utf8.count < 500 }.map { key("x", dimension: $0) }
            let deltas = keys.enumerated().map { (key: $1, delta: [UInt8(truncatingIfNeeded: $0)]) }
            try await merge(store) {
                for _ in 0..<2 {
                    try await $0.add(keys.enumerated().map { ($1, counts(Int64($0), 1)) })
                    try await $0.appendDeltas(deltas)
                }
            }
            for (index, key) in keys.enumerated() {
                #expect(try await row(key, in: store) == counts(Int64(index * 2), 2), "\(key)")
            }
            let sets = try await store.withReader { try await $0.sets(keys) }
            #expect(sets.count == keys.count)
            for (key, delta) in deltas { #expect(sets[key] == StoredSet(deltas: [delta, delta]), "\(key)") }
            await store.close()
        },

        RollupStoreCheck("thousands of rows are one call", bigBatches),
    ]
}

/// 2,000 letters that no index could shorten by compression.
private let noise: String = {
    var random = SeededGenerator(seed: 7)
    return String(
        String.UnicodeScalarView(
            (0..<2_000).map { _ in Unicode.Scalar(UInt32.random(in: 0x4e00...0x9fff, using: &random)) ?? "?" }))
}()

private let oddValues = [
    "", " ", "'", "\"", "\\", "\\x41", "A", "\\\\", "{a,\"b\"}", "NULL", "null", "$1", "%", "_", "a\tb\nc\r", "\u{1}",
    "é", "e\u{301}", "É", "ß", "日本語", "👩‍👩‍👧‍👦", "\u{10FFFF}", "\u{feff}a",
    String(repeating: "a", count: 199), String(repeating: "a", count: 200), String(repeating: "a", count: 2_000),
    String(repeating: "\\", count: 2_000), noise, noise + "a", String(noise.dropLast()) + "a",
]

private let rowsAreApart: @Sendable (any RollupStoreFixture) async throws -> Void = { fixture in
    let store = try await fixture.openProvisioned()
    let keys = [
        key("a", 7), key("a", 7, .week), key("a", 7, .interval), key("a", 8), key("a", 7, of: "app"),
        key("a", 7, dimension: "country"), key("A", 7), key("", 7), key("", 7, dimension: "path"),
    ]
    try await merge(store) { try await $0.add(keys.enumerated().map { ($1, counts(Int64($0 + 1), 0)) }) }
    for (index, key) in keys.enumerated() {
        #expect(try await row(key, in: store) == counts(Int64(index + 1), 0), "\(key)")
    }
    #expect(try await row(key("b", 7), in: store) == nil)
    #expect(try await store.withReader { try await $0.sources() } == ["app", "web"])
    await store.close()
}

private let countsInOrder: @Sendable (any RollupStoreFixture) async throws -> Void = { fixture in
    let store = try await fixture.openProvisioned()
    let sources = ["web", "app", "web-2", "a"]
    for granularity in Granularity.allCases {
        let keys = sources.flatMap { source in (10...14).map { key("/x", $0 * 3, of: source, granularity) } }.shuffled()
        try await merge(store) { try await $0.add(keys.map { ($0, counts(Int64($0.period), 1)) }) }
        for asked in [nil, ["web", "a"], ["a", "none", "web", "web"], []] as [[String]?] {
            let rows = try await store.withReader {
                try await $0.counts(granularity, periods: 31...39, sources: asked, dimension: "path", value: "/x")
            }
            let expected = keys.filter {
                (31...39).contains($0.period) && (asked ?? sources).contains($0.source)
            }.sorted()
            #expect(rows.map(\.key) == expected)
            #expect(rows.map(\.counts) == expected.map { counts(Int64($0.period), 1) })
        }
    }
    #expect(try await store.withReader { try await $0.sources() } == sources.sorted())
    await store.close()
}

private let bigBatches: @Sendable (any RollupStoreFixture) async throws -> Void = { fixture in
    let store = try await fixture.openProvisioned()
    let keys = (0..<20_000).map { key("/page/\($0 % 5_000)", PeriodNumber(16_000 + $0 / 5_000)) }
    for round in 0..<2 {
        try await merge(store) { transaction in
            try await transaction.add(keys.map { ($0, counts(3, 1)) })
            let new = users(round * 20_000..<(round + 1) * 20_000)
            #expect(try await transaction.addVisitors(new, to: "web") == UInt32(round * 20_000))
            try await transaction.appendDeltas(keys.prefix(500).map { ($0, [UInt8](repeating: 7, count: 1_000)) })
            let moves: [(from: RollupCursor?, to: RollupCursor)] = (0..<24).map {
                (round == 0 ? nil : cursor($0, 1), cursor($0, Int64(round + 1)))
            }
            try await transaction.moveCursors(moves)
        }
    }
    let found = try await store.withReader { try await $0.visitors(of: "web", (0..<40_000).map(user)) }
    #expect(found.count == 40_000)
    #expect((0..<40_000).allSatisfy { found[user($0)]?.number == UInt32($0) })
    #expect(try await row(keys[19_999], in: store) == counts(6, 2))
    let sets = try await store.withReader { try await $0.sets(keys) }
    #expect(sets.count == 500 && sets.values.allSatisfy { $0.deltas.count == 2 })
    await store.close()
}

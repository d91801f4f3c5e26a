import Events
import Stores
import Testing

/// Values on record, rows of all values, and their removal.
extension RollupStoreCheck {
    static let values: [RollupStoreCheck] = [
        .init("the first values of a week are put on record, up to the limit, in the order given") { fixture in
            let store = try await fixture.openProvisioned()
            let week = DimensionWeek(source: "web", dimension: "path", week: 100)
            let given = ["/b", "/a", "\u{E9}", "/b", "e\u{301}", "/c"]
            let recorded = try await merge(store) { try await $0.recordValues([week: given], limit: 4) }
            #expect(recorded == [week: exact("/b", "/a", "\u{E9}", "e\u{301}")])
            let again = try await merge(store) { try await $0.recordValues([week: ["/c", "/a", "/d"]], limit: 4) }
            #expect(again == [week: exact("/a")])
            let more = try await merge(store) { try await $0.recordValues([week: ["/d", "/c"]], limit: 5) }
            #expect(more == [week: exact("/d")])
            await store.close()
        },
        .init("each week, dimension and source has values of its own") { fixture in
            let store = try await fixture.openProvisioned()
            let weeks = [
                DimensionWeek(source: "web", dimension: "path", week: 100),
                DimensionWeek(source: "web", dimension: "path", week: 107),
                DimensionWeek(source: "web", dimension: "os", week: 100),
                DimensionWeek(source: "app", dimension: "path", week: 100),
            ]
            for (index, week) in weeks.enumerated() {
                let own = try await merge(store) { try await $0.recordValues([week: ["v\(index)"]], limit: 1) }
                #expect(own == [week: exact("v\(index)")])
            }
            let asked = Dictionary(uniqueKeysWithValues: weeks.map { ($0, ["v0", "v1", "v2", "v3"]) })
            let found = try await store.withReader { try await $0.recordedValues(asked) }
            #expect(found == Dictionary(uniqueKeysWithValues: weeks.enumerated().map { ($1, exact("v\($0)")) }))
            await store.close()
        },
        .init("long values that begin alike are told apart on record") { fixture in
            let store = try await fixture.openProvisioned()
            let week = DimensionWeek(source: "web", dimension: "path", week: 100)
            let long = String(repeating: "x\\", count: 3000)
            let recorded = try await merge(store) {
                try await $0.recordValues([week: [long + "1", long + "2", long + "3"]], limit: 2)
            }
            #expect(recorded == [week: exact(long + "1", long + "2")])
            await store.close()
        },
        .init("the record goes back with its transaction") { fixture in
            let store = try await fixture.openProvisioned()
            let week = DimensionWeek(source: "web", dimension: "path", week: 100)
            await #expect(throws: Deliberate.self) {
                try await merge(store) { transaction in
                    _ = try await transaction.recordValues([week: ["/a"]], limit: 1)
                    throw Deliberate()
                }
            }
            #expect(try await store.withReader { try await $0.recordedValues([week: ["/a"]]) } == [week: []])
            await store.close()
        },
        .init("rows of all values are read by granularity, periods, sources and dimension") { fixture in
            let store = try await fixture.openProvisioned()
            let keys = ["web", "app"].flatMap { source in
                [Granularity.day, .week, .interval].flatMap { granularity in
                    ["", "/a", "\u{E9}"].flatMap { value in
                        (98...101).map { key(value, PeriodNumber($0), of: source, granularity) }
                    }
                }
            }
            try await merge(store) { transaction in
                try await transaction.add(keys.enumerated().map { ($1, counts(Int64($0) + 1, 1)) })
                try await transaction.appendDeltas(keys.map { ($0, [1]) })
            }
            let all = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, counts(Int64($0) + 1, 1)) })
            for granularity in Granularity.allCases {
                for sources in [nil, ["web"], ["app", "web"], []] as [[String]?] {
                    let wanted = all.filter { key, _ in
                        key.granularity == granularity && (99...100).contains(key.period)
                            && sources?.contains(key.source) ?? true
                    }
                    let (keys, paths) = try await store.withReader { reader in
                        let rows = try await reader.rows(
                            granularity, periods: 99...100, sources: sources, dimension: nil)
                        #expect(rows.map(\.key) == wanted.keys.sorted())
                        #expect(rows.allSatisfy { wanted[$0.key] == $0.counts })
                        let paths = try await reader.rows(
                            granularity, periods: 99...100, sources: sources, dimension: "path")
                        let sets = try await reader.setKeys(granularity, periods: 99...100, sources: sources)
                        return (sets, paths.map(\.key))
                    }
                    #expect(keys == wanted.keys.sorted())
                    #expect(paths == wanted.keys.filter { $0.dimension == "path" }.sorted())
                }
            }
            await store.close()
        },
        .init("removal takes rows and sets of a span, and leaves all others") { fixture in
            let store = try await fixture.openProvisioned()
            let keys = ["web", "app"].flatMap { source in
                [Granularity.day, .week].flatMap { granularity in
                    (98...101).map { key("/a", PeriodNumber($0), of: source, granularity) }
                }
            }
            try await merge(store) { transaction in
                try await transaction.add(keys.map { ($0, counts(1, 1)) })
                try await transaction.appendDeltas(keys.map { ($0, [1]) })
                for key in keys { try await transaction.compact(key, chunks: [0: [2]]) }
                try await transaction.appendDeltas(keys.map { ($0, [3]) })
                try await transaction.remove(.day, periods: 99...100, sources: ["web"])
            }
            var left = keys.filter { !($0.source == "web" && $0.granularity == .day && (99...100).contains($0.period)) }
            try await expect(left, in: store)
            try await merge(store) { try await $0.remove(.week, periods: 101...200, sources: nil) }
            left.removeAll { $0.granularity == .week && $0.period == 101 }
            try await expect(left, in: store)
            // What was removed begins anew.
            let gone = key("/a", 99)
            try await merge(store) { transaction in
                try await transaction.add([(gone, counts(5, 1))])
                try await transaction.appendDeltas([(gone, [9])])
            }
            let sets = try await store.withReader { try await $0.sets([gone]) }
            #expect(sets[gone] == StoredSet(deltas: [[9]]))
            #expect(try await row(gone, in: store) == counts(5, 1))
            await store.close()
        },
    ]

    private static func exact(_ texts: String...) -> Set<ExactText> { Set(texts.map { ExactText($0) }) }

    private static func expect(_ keys: [RollupKey], in store: any RollupStore) async throws {
        try await store.withReader { reader in
            for granularity in [Granularity.day, .week] {
                let wanted = keys.filter { $0.granularity == granularity }.sorted()
                let rows = try await reader.rows(granularity, periods: 0...1000, sources: nil, dimension: nil)
                #expect(rows.map(\.key) == wanted)
                #expect(try await reader.setKeys(granularity, periods: 0...1000, sources: nil) == wanted)
                #expect(try await reader.sets(keys).count == keys.count)
            }
        }
    }
}

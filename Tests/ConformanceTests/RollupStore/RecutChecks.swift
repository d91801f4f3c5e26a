import Events
import Stores
import Testing

extension RollupStoreCheck {
    static let recuts = [
        RollupStoreCheck("keys with deltas are told, of periods before one") { fixture in
            let store = try await fixture.openProvisioned()
            let (open, closed, late) = (key("/a", 16_572), key("/a", 16_570), key("/b", 16_571, of: "app"))
            let week = key("/a", 16_568, .week)
            try await merge(store) { transaction in
                try await transaction.compact(closed, chunks: [0: [1]])
                try await transaction.appendDeltas([(open, [1]), (late, [1]), (late, [2]), (week, [3])])
            }
            func found(_ granularity: Granularity, _ period: PeriodNumber, limit: Int = 9) async throws -> [RollupKey] {
                try await store.withReader {
                    try await $0.keysWithDeltas(granularity, before: period, limit: limit)
                }.sorted()
            }
            #expect(try await found(.day, 16_572) == [late])
            #expect(try await found(.day, 16_573) == [open, late].sorted())
            #expect(try await found(.day, 16_573, limit: 1).count == 1)
            #expect(try await found(.week, 16_569) == [week])
            #expect(try await found(.week, 16_568).isEmpty)
            try await merge(store) { try await $0.compact(late, chunks: [0: [1, 2]]) }
            #expect(try await found(.day, 16_572).isEmpty)
            await store.close()
        },

        RollupStoreCheck("a recut leaves visitors, cursors and what is to stay of intervals, and fixes the zone") {
            fixture in
            let store = try await fixture.openProvisioned()
            let lima = try #require(ReportingCalendar("America/Lima"))
            let (old, new) = (key("", 99, .interval), key("", 100, .interval))
            let others = [key("/a"), key("/a", 16_568, .week)]
            let week = DimensionWeek(source: "web", dimension: "path", week: 16_568)
            try await merge(store) { transaction in
                try await transaction.add(([old, new] + others).map { ($0, counts(1, 1)) })
                try await transaction.appendDeltas(([old, new] + others).map { ($0, [7]) })
                _ = try await transaction.addVisitors(users([1], day: 5), to: "web")
                try await transaction.moveCursors([(nil, cursor(0, 3))])
                _ = try await transaction.recordValues([week: ["/a"]], limit: 9)
            }
            await #expect(throws: Deliberate()) {
                try await store.withTransaction { transaction in
                    try await transaction.recut(in: lima, intervalsFrom: nil, keeping: false)
                    throw Deliberate()
                }
            }
            #expect(try await store.withReader { try await $0.state() }.timeZone == zone)
            #expect(try await row(key("/a"), in: store) == counts(1, 1))

            try await merge(store) { try await $0.recut(in: lima, intervalsFrom: 100, keeping: true) }
            for gone in [new] + others { #expect(try await row(gone, in: store) == nil, "\(gone)") }
            #expect(try await row(old, in: store) == counts(1, 1))
            try await store.withReader { reader in
                let state = try await reader.state()
                #expect(state.timeZone == "America/Lima" && state.zoneRules == lima.rules)
                #expect(try await reader.sets([old, new] + others).keys.sorted() == [old])
                #expect(try await reader.cursors() == [cursor(0, 3)])
                #expect(try await reader.recordedValues([week: ["/a"]])[week]?.isEmpty ?? true)
                #expect(try await reader.visitors(of: "web", [user(1)])[user(1)]?.firstDay == 5)
            }
            try await store.provision(timeZone: "America/Lima")
            await expect(.invalidConfiguration) { try await store.provision(timeZone: zone) }

            try await merge(store) { transaction in
                try await transaction.recut(in: lima, intervalsFrom: nil, keeping: false)
                try await transaction.lowerFirstDays([(0, 40_000)], of: "web")
            }
            #expect(try await row(old, in: store) == nil)
            let visitor = try await store.withReader { try await $0.visitors(of: "web", [user(1)]) }[user(1)]
            #expect(visitor == VisitorRecord(number: 0, firstDay: 40_000))
            await store.close()
        },
    ]
}

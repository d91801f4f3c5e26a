import Stores
import Testing

extension RollupStoreCheck {
    static let sets = [
        RollupStoreCheck("deltas keep their order, and keys without a set are absent") { fixture in
            let store = try await fixture.openProvisioned()
            try await merge(store) {
                try await $0.appendDeltas([(key("/a"), [1]), (key("/b"), [9]), (key("/a"), [2])])
                try await $0.appendDeltas([])
            }
            try await merge(store) { try await $0.appendDeltas([(key("/a"), [0]), (key("/a"), [])]) }
            let asked = [key("/b"), key("/none"), key("/a"), key("/a", of: "app"), key("/a", 16_572, .week), key("/a")]
            let sets = try await store.withReader { try await $0.sets(asked) }
            #expect(sets == [key("/a"): StoredSet(deltas: [[1], [2], [0], []]), key("/b"): StoredSet(deltas: [[9]])])
            #expect(try await store.withReader { try await $0.sets([]) } == [:])
            await store.close()
        },

        RollupStoreCheck("compaction writes its chunks, keeps the others and drops the deltas of its set only") {
            fixture in
            let store = try await fixture.openProvisioned()
            try await merge(store) { transaction in
                try await transaction.compact(key("/a"), chunks: [0: [10], 7: [17], .max: [99]])
                try await transaction.appendDeltas([(key("/a"), [1]), (key("/b"), [2])])
            }
            #expect(
                try await store.withReader { try await $0.sets([key("/a")]) }
                    == [key("/a"): StoredSet(chunks: [0: [10], 7: [17], .max: [99]], deltas: [[1]])])
            try await merge(store) { transaction in
                try await transaction.compact(key("/a"), chunks: [7: [70], 8: []])
                try await transaction.appendDeltas([(key("/a"), [3])])
            }
            #expect(
                try await store.withReader { try await $0.sets([key("/a"), key("/b")]) } == [
                    key("/a"): StoredSet(chunks: [0: [10], 7: [70], 8: [], .max: [99]], deltas: [[3]]),
                    key("/b"): StoredSet(deltas: [[2]]),
                ])
            try await merge(store) { try await $0.compact(key("/a"), chunks: [:]) }
            #expect(
                try await store.withReader { try await $0.sets([key("/a")]) }
                    == [key("/a"): StoredSet(chunks: [0: [10], 7: [70], 8: [], .max: [99]])])
            await store.close()
        },

        RollupStoreCheck("large bitmaps come back byte for byte") { fixture in
            let store = try await fixture.openProvisioned()
            var random = SeededGenerator(seed: 3)
            let chunks = Dictionary(
                uniqueKeysWithValues: (0..<20).map { chunk in
                    (UInt16(chunk), (0..<8_200).map { _ in UInt8.random(in: .min ... .max, using: &random) })
                })
            try await merge(store) { try await $0.compact(key(), chunks: chunks) }
            #expect(try await store.withReader { try await $0.sets([key()]) }[key()]?.chunks == chunks)
            await store.close()
        },
    ]
}

import Crypto
import EmbeddedStores
import Foundation
import KafkaLog
import MongoStore
import PostgresStore
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// The log may hold every event several times: stores and numbers stay what they are, to the checksum.
    struct RedeliveryTests {
        private static let count = 2_000

        private static let batch: RecordBatch = {
            var records = MadeRecords(at: 1_746_100_800_000)
            for number in 0..<count { records.append(number, note: "note \(number)") }
            return records.batch
        }()

        /// Checksums of raw events, with their positions and metadata, and of rollups and their sets.
        private static func checksums(
            _ raw: any RawEventStore, _ rollups: any RollupStore
        ) async throws -> [String] {
            let events = try await raw.everything(metadata: ["n", "note"])
            let rows = try await rollups.withReader { reader in
                var lines: [String] = []
                for granularity in Granularity.allCases {
                    let all = PeriodNumber(0)...4_000_000
                    for (key, counts) in try await reader.rows(granularity, periods: all, sources: nil, dimension: nil)
                    {
                        lines.append("\(key) \(counts)")
                    }
                    let keys = try await reader.setKeys(granularity, periods: all, sources: nil)
                    for (key, set) in try await reader.sets(keys).sorted(by: { $0.key < $1.key }) {
                        lines.append("\(key) \(set.chunks.sorted { $0.key < $1.key }) \(set.deltas)")
                    }
                }
                return lines
            }
            #expect(events.count == count && rows.count >= 6)
            return [events, rows].map { lines in
                SHA256.hash(data: Data(lines.joined(separator: "\n").utf8)).description
            }
        }

        /// Whether the rollups have all that the books call stored.
        private static func isFolded(_ raw: any RawEventStore, _ rollups: any RollupStore) async throws -> Bool {
            let books = try await raw.withConsistentReader { try await $0.progress() }
            let cursors = try await rollups.withReader { try await $0.cursors() }
            let next = Dictionary(cursors.map { ($0.partition, $0.nextOffset) }) { $1 }
            return books.allSatisfy { (next[$0.partition] ?? 0) == $0.next }
        }

        @Test("all records produced three times more change no checksum: servers")
        func servers() async throws {
            try await Pipeline.withPipeline { pipeline in
                let rollups = try PostgresStore(url: pipeline.postgresURL(port: pipeline.postgresPort))
                do {
                    try await Self.check(pipeline, rollups)
                } catch {
                    await rollups.close()
                    throw error
                }
                await rollups.close()
            }
        }

        private static func check(_ pipeline: Pipeline, _ rollups: PostgresStore) async throws {
            try await pipeline.withStores { log, store in
                _ = try await pipeline.start("worker")
                _ = try await pipeline.start("aggregator")
                var before: [String]?
                for round in 0...3 {
                    try await log.produceAll(batch)
                    try await eventually(within: .seconds(120), "round \(round) is processed and folded") {
                        let totals = try await store.totals()
                        let isFolded = try await isFolded(store, rollups)
                        return totals.processed == Int64(count * (round + 1)) && isFolded
                    }
                    let totals = try await store.totals()
                    #expect(totals.stored == Int64(count) && totals.duplicate == Int64(count * round))
                    #expect(totals.dead == 0 && totals.areBalanced)
                    let now = try await checksums(store, rollups)
                    #expect(before == nil || before == now)
                    before = now
                }
            }
        }

        @Test("all records produced three times more change no checksum: serve")
        func embedded() async throws {
            let prepare: (DataDirectory) async throws -> Void = { try await $0.log.produceAll(Self.batch) }
            try await Serve.withServe(preparing: prepare) { serve in
                var before: [String]?
                for round in 0...1 {
                    let wanted = round == 0 ? "stored" : "duplicate"
                    try await eventually(within: .seconds(120), "round \(round) is processed") {
                        let done = try await serve.role.sum(of: "tributary_worker_events_\(wanted)_total")
                        return Int(done) == (round == 0 ? Self.count : 3 * Self.count)
                    }
                    try await serve.dashboard.waitUntilComplete()
                    #expect(try await serve.terminate() == .exited(0))
                    let now = try await Serve.withStores(serve.directory) { directory in
                        #expect(try await Self.isFolded(directory.raw, directory.rollups))
                        let sums = try await Self.checksums(directory.raw, directory.rollups)
                        if round == 0 { for _ in 0..<3 { try await directory.log.produceAll(Self.batch) } }
                        return sums
                    }
                    #expect(before == nil || before == now)
                    before = now
                    if round == 0 { try await serve.start() }
                }
                let totals = try await Serve.withStores(serve.directory) { try await $0.raw.totals() }
                #expect(totals.stored == Int64(Self.count) && totals.duplicate == Int64(3 * Self.count))
            }
        }
    }
}

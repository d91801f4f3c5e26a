import EmbeddedStores
import Foundation
import KafkaLog
import MongoStore
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// Records that the log dropped before they were processed are counted as lost, and a metric tells.
    struct LossTests {
        private static let time: Int64 = 1_746_100_800_000

        private static func records(_ numbers: Range<Int>, note: () -> String = { "" }) -> RecordBatch {
            var records = MadeRecords(at: time)
            for number in numbers { records.append(number, to: 0, note: note()) }
            return records.batch
        }

        /// 22 kB that no compression makes smaller, as text.
        private static func noise() -> String {
            var random = SystemRandomNumberGenerator()
            let words = (0..<2_750).map { _ in random.next() }
            return words.withUnsafeBytes { Data($0) }.base64EncodedString()
        }

        @Test("a log truncated below the position: servers")
        func servers() async throws {
            try await Pipeline.withPipeline { pipeline in
                try await pipeline.withStores { log, store in
                    try await log.produceAll(Self.records(0..<10))
                    let first = try await pipeline.start("worker")
                    try await eventually(within: .seconds(120), "all are stored") {
                        try await store.totals().stored == 10
                    }
                    first.process.stop()
                    // The mock keeps about 5 MiB a partition.
                    try await log.produceAll(Self.records(10..<410, note: Self.noise))
                    let extent = try #require(try await log.watermarks(of: .userEvents, partitions: [0])[0])
                    try #require(extent.low > 10)
                    let second = try await pipeline.start("worker", ["WORKER_LAG_INTERVAL": "200ms"])
                    try await eventually(within: .seconds(120), "what is left is stored") {
                        try await store.totals().processed == 410
                    }
                    let totals = try await store.totals()
                    #expect(totals.lost == extent.low - 10)
                    #expect(totals.stored == 410 - totals.lost && totals.areBalanced)
                    try await eventually(within: .seconds(60), "the metric tells") {
                        try await second.sum(of: "tributary_worker_records_lost") == Double(totals.lost)
                    }
                }
            }
        }

        @Test("a log truncated below the position: serve")
        func embedded() async throws {
            let settings = ["WORKER_LAG_INTERVAL": "200ms"]
            try await Serve.withServe(settings, preparing: { try await $0.log.produceAll(Self.records(0..<10)) }) {
                serve in
                try await eventually(within: .seconds(60), "all are stored") {
                    try await serve.role.sum(of: "tributary_worker_events_stored_total") == 10
                }
                #expect(try await serve.terminate() == .exited(0))
                try await Serve.withStores(serve.directory) { directory in
                    try await directory.log.produceAll(Self.records(10..<40))
                    try await directory.log.trim(.userEvents, 0, below: 25)
                }
                try await serve.start()
                try await eventually(within: .seconds(60), "the metric tells") {
                    let lost = try await serve.role.sum(of: "tributary_worker_records_lost")
                    let stored = try await serve.role.sum(of: "tributary_worker_events_stored_total")
                    return lost == 15 && stored == 15
                }
                #expect(try await serve.terminate() == .exited(0))
                let totals = try await Serve.withStores(serve.directory) { try await $0.raw.totals() }
                #expect(totals.lost == 15 && totals.stored == 25 && totals.processed == 40 && totals.areBalanced)
            }
        }
    }
}

import EmbeddedStores
import KafkaLog
import MongoStore
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// All of the poison and only the poison is dead-lettered, on both profiles.
    struct PoisonTests {
        private static let batchSize = 50
        private static let settings = ["WORKER_BATCH_SIZE": "\(batchSize)"]

        /// 3,000 records of two partitions, 1 % of them poison: the first and the last of all, first ones and last ones
        /// of batches, and others.
        private static func records(_ random: inout SplitMix64) -> MadeRecords {
            let (count, size) = (1_500, batchSize)
            var places: Set<Int> = [0, count - 1]
            for _ in 0..<3 {
                let batch = Int.random(in: 0..<count / size, using: &random) * size
                places.formUnion([batch, batch + size - 1])
            }
            while places.count < 15 { places.insert(Int.random(in: 0..<count, using: &random)) }
            var records = MadeRecords(at: 1_746_100_800_000)
            for number in 0..<2 * count {
                if places.contains(number / 2) {
                    records.appendPoison(number, to: Int32(number % 2))
                } else {
                    records.append(number, to: Int32(number % 2))
                }
            }
            return records
        }

        private static func check(_ log: any EventLog, _ store: any RawEventStore, _ records: MadeRecords) async throws
        {
            let totals = try await store.totals()
            #expect(totals.dead == 30 && totals.stored == 2_970 && totals.lost == 0 && totals.areBalanced)
            #expect(try await store.everything().count == 2_970)
            #expect(try await log.plainDeadLetters() == records.plainPoison)
        }

        @Test("1 % poison, first and last of batches included: all of it and only it, byte by byte: servers")
        func servers() async throws {
            var random = SplitMix64(seed: announcedSeed())
            let records = Self.records(&random)
            try await Pipeline.withPipeline { pipeline in
                try await pipeline.withStores { log, store in
                    try await log.produceAll(records.batch)
                    _ = try await pipeline.start("worker", Self.settings)
                    try await eventually(within: .seconds(120), "all are accounted for") {
                        try await store.totals().processed == 3_000
                    }
                    try await Self.check(log, store, records)
                }
            }
        }

        @Test("1 % poison, first and last of batches included: all of it and only it, byte by byte: serve")
        func embedded() async throws {
            var random = SplitMix64(seed: announcedSeed())
            let records = Self.records(&random)
            try await Serve.withServe(Self.settings, preparing: { try await $0.log.produceAll(records.batch) }) {
                serve in
                try await eventually(within: .seconds(120), "all are accounted for") {
                    let dead = try await serve.role.sum(of: "tributary_worker_events_dead_total")
                    let stored = try await serve.role.sum(of: "tributary_worker_events_stored_total")
                    return dead == 30 && stored == 2_970
                }
                #expect(try await serve.terminate() == .exited(0))
                try await Serve.withStores(serve.directory) { try await Self.check($0.log, $0.raw, records) }
            }
        }

        @Test("while the dead-letter topic is down no progress moves; then each letter is there once")
        func deadLetterTopicDown() async throws {
            try await Pipeline.withPipeline { pipeline in
                try await pipeline.withStores { log, store in
                    var records = MadeRecords(at: 1_746_100_800_000)
                    for number in 0..<10 { records.append(number, to: 0) }
                    records.appendPoison(10, to: 0)
                    for number in 11..<20 { records.append(number, to: number < 15 ? 0 : 1) }
                    try await pipeline.setDeadLetterLeader(-1)
                    try await log.produceAll(records.batch)
                    let worker = try await pipeline.start("worker", ["PRODUCE_TIMEOUT": "1s"])
                    try await eventually(within: .seconds(120), "the other partition goes on, and this one is tried") {
                        let retries = try await worker.sum(of: "tributary_worker_slice_retries_total")
                        let stored = try await store.totals().stored
                        return retries >= 3 && stored == 5
                    }
                    let held = try await store.latestProgress(of: [0])[0]
                    #expect(held.map { $0.next == 0 && $0.dead == 0 && $0.stored == 0 } ?? false)
                    #expect(try await get("\(worker.url)/readyz").status == 503)
                    try await pipeline.setDeadLetterLeader(1)
                    try await eventually(within: .seconds(120), "all are accounted for") {
                        try await store.totals().processed == 20
                    }
                    let totals = try await store.totals()
                    #expect(totals.dead == 1 && totals.stored == 19 && totals.areBalanced)
                    // A letter that was acknowledged but not indexed yet may be there twice; none is missing or another.
                    #expect(Set(try await log.plainDeadLetters()) == Set(records.plainPoison))
                    try await eventually(within: .seconds(60), "the worker is ready") {
                        try await get("\(worker.url)/readyz").status == 200
                    }
                }
            }
        }
    }
}

extension Pipeline {
    /// Gives all partitions of the dead-letter topic this leader; -1 is none.
    fileprivate func setDeadLetterLeader(_ broker: Int) async throws {
        for partition in 0..<24 {
            try await self.broker.command("leader \(Topic.deadLetters.rawValue) \(partition) \(broker)")
        }
    }
}

/// A seed for this run, printed so that a failure can be repeated.
func announcedSeed(_ test: String = #function) -> UInt64 {
    let seed = UInt64.random(in: 0 ... .max)
    print("\(test): seed \(seed)")
    return seed
}

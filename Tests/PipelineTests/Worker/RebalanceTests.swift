import Foundation
import KafkaLog
import MongoStore
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// Workers come and go in every way; each event is stored once.
    struct RebalanceTests {
        private static let isLong = ProcessInfo.processInfo.environment["TRIBUTARY_TEST_LONG"] != nil
        private static let rounds = isLong ? 50 : 4

        /// Appends records all the time, until cancelled.
        /// - Returns: how many.
        private static func feed(_ log: any EventLog) async throws -> Int {
            var number = 0
            while !Task.isCancelled {
                var records = MadeRecords(at: 1_746_100_800_000)
                for _ in 0..<100 {
                    records.append(number)
                    number += 1
                }
                try await log.produceAll(records.batch)
                try? await Task.sleep(for: .milliseconds(300))
            }
            return number
        }

        /// Runs `body` while records come in, and then waits until all of them are stored, each once.
        private static func storingAll(
            _ pipeline: Pipeline, _ body: (any RawEventStore) async throws -> Void
        ) async throws {
            try await pipeline.withStores { log, store in
                let feeding = Task { try await feed(log) }
                do { try await body(store) } catch {
                    feeding.cancel()
                    throw error
                }
                feeding.cancel()
                let count = Int64(try await feeding.value)
                do {
                    try await eventually(within: .seconds(120), "all \(count) are stored") {
                        try await store.totals().processed == count
                    }
                } catch { throw PipelineFailure("\(error), but \(try await store.totals()). \(pipeline.lastLines)") }
                let totals = try await store.totals()
                #expect(totals.stored == count && totals.dead == 0 && totals.lost == 0 && totals.areBalanced)
                #expect(try await Int64(store.everything().count) == count)
                print("stored \(count) events, each once")
            }
        }

        @Test("a storm of rebalances: a worker joins or leaves, killed or told to, every two seconds")
        func storm() async throws {
            var random = SplitMix64(seed: announcedSeed())
            try await Pipeline.withPipeline { pipeline in
                try await Self.storingAll(pipeline) { _ in
                    var workers = [try await pipeline.start("worker")]
                    for round in 1...Self.rounds {
                        let isJoining = workers.count < 2 || (workers.count < 4 && Bool.random(using: &random))
                        if isJoining {
                            workers.append(try await pipeline.start("worker"))
                        } else {
                            let leaving = workers.remove(at: Int.random(in: 0..<workers.count, using: &random))
                            let isKilled = Bool.random(using: &random)
                            leaving.process.signal(isKilled ? SIGKILL : SIGTERM)
                            let end = try await leaving.process.wait(within: .seconds(30))
                            #expect(end == (isKilled ? .killed(SIGKILL) : .exited(0)))
                        }
                        print("round \(round) of \(Self.rounds): \(workers.count) workers")
                        // The time that a storm leaves its workers, not one that anything is waited for.
                        try await Task.sleep(for: .seconds(2))
                    }
                }
            }
        }

        @Test("a worker that stands still past its poll interval, and comes back, does no harm")
        func stopped() async throws {
            let settings = ["KAFKA_MAX_POLL_INTERVAL_MS": "7000", "WORKER_BATCH_SIZE": "100"]
            try await Pipeline.withPipeline { pipeline in
                try await Self.storingAll(pipeline) { store in
                    let sleeper = try await pipeline.start("worker", settings)
                    let other = try await pipeline.start("worker", settings)
                    func assigned(_ worker: Pipeline.Role) async throws -> Double {
                        try await worker.sum(of: "tributary_worker_partitions_assigned")
                    }
                    try await eventually(within: .seconds(120), "both work") {
                        let stored = try await store.totals().stored
                        let shares = [try await assigned(sleeper), try await assigned(other)]
                        return shares == [12, 12] && stored > 0
                    }
                    sleeper.process.signal(SIGSTOP)
                    try await eventually(within: .seconds(120), "the other one has everything") {
                        try await assigned(other) == 24
                    }
                    let before = try await store.totals().processed
                    try await eventually(within: .seconds(120), "and goes on") {
                        try await store.totals().processed > before + 200
                    }
                    sleeper.process.signal(SIGCONT)
                    try await eventually(within: .seconds(120), "they share again") {
                        [try await assigned(sleeper), try await assigned(other)] == [12, 12]
                    }
                }
            }
        }

        @Test("a member that librdkafka gives up is replaced by another one, within the same process")
        func fatal() async throws {
            try await Pipeline.withPipeline { pipeline in
                try await Self.storingAll(pipeline) { store in
                    let worker = try await pipeline.start("worker")
                    try await eventually(within: .seconds(120), "it works") { try await store.totals().stored > 0 }
                    // A heartbeat that is answered so is fatal to a member.
                    try await pipeline.broker.command("request-errors 12 FENCED_INSTANCE_ID")
                    try await eventually(within: .seconds(120), "another member takes its place") {
                        try await worker.sum(of: "tributary_worker_consumers_lost_total") == 1
                    }
                    let before = try await store.totals().processed
                    try await eventually(within: .seconds(120), "it works again") {
                        try await store.totals().processed > before + 200
                    }
                    try await eventually(within: .seconds(120), "and is ready") {
                        try await get("\(worker.url)/readyz").status == 200
                    }
                }
            }
        }

        @Test("a store that answers slowly and is away at times holds events up, and loses none")
        func slowStore() async throws {
            try await Pipeline.withPipeline { pipeline in
                let relay = try TCPRelay(to: pipeline.mongodbPort)
                // It is needed until all is stored, beyond the body's end.
                defer { withExtendedLifetime(relay) {} }
                try await Self.storingAll(pipeline) { store in
                    let worker = try await pipeline.start(
                        "worker", ["MONGODB_URI": pipeline.mongodbURI(port: relay.port)])
                    for _ in 0..<(Self.isLong ? 5 : 1) {
                        relay.delay(.milliseconds(400))
                        let slow = try await store.totals().processed
                        try await eventually(within: .seconds(120), "it goes on, slowly") {
                            try await store.totals().processed > slow
                        }
                        relay.cut()
                        try await eventually(within: .seconds(120), "it is not ready") {
                            try await get("\(worker.url)/readyz").status == 503
                        }
                        relay.restore()
                        relay.delay(.zero)
                        let back = try await store.totals().processed
                        try await eventually(within: .seconds(120), "it goes on") {
                            try await store.totals().processed > back
                        }
                    }
                }
            }
        }
    }
}

import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// A worker is killed at each step of a batch's way: just before a write reaches MongoDB, and when it is done but the
    /// worker does not know yet. Each victim also meets what the one before it left.
    struct StepKillTests {
        /// The writes of a batch, in their order. The dead letters are in their topic before they are indexed.
        private static let writes = [
            (command: "insert", collection: "raw_events"), (command: "insert", collection: "dead_letters"),
            (command: "update", collection: "ingest_progress"),
        ]

        /// How a command begins on the wire: a BSON string of that name.
        private static func mark(_ command: String, _ collection: String) -> [UInt8] {
            [0x02] + Array(command.utf8) + [0] + [UInt8(collection.utf8.count + 1), 0, 0, 0] + Array(collection.utf8)
                + [0]
        }

        @Test("kill -9 before and after each write of a batch: nothing lost, nothing twice")
        func everyStep() async throws {
            try await Pipeline.withPipeline { pipeline in
                try await pipeline.withStores { log, store in
                    var (records, sent) = (MadeRecords(at: 1_746_100_800_000), 0)
                    for write in Self.writes {
                        for part in TCPRelay.Part.allCases {
                            for number in records.batch.count..<records.batch.count + 40 {
                                let partition = Int32(number % 2)
                                if number % 20 < 2 {
                                    records.appendPoison(number, to: partition)
                                } else {
                                    records.append(number, to: partition)
                                }
                            }
                            try await log.produceAll(records.batch.selecting(sent..<records.batch.count))
                            sent = records.batch.count
                            try await Self.kill(at: part, of: write, pipeline)
                        }
                    }
                    _ = try await pipeline.start("worker")
                    try await Self.check(log, store, records)
                }
            }
        }

        /// Starts a worker, and kills it when it has come to that step.
        private static func kill(
            at part: TCPRelay.Part, of write: (command: String, collection: String), _ pipeline: Pipeline
        ) async throws {
            let relay = try TCPRelay(to: pipeline.mongodbPort)
            relay.hold(part, of: mark(write.command, write.collection))
            defer { relay.drop() }
            let worker = try await pipeline.start("worker", ["MONGODB_URI": pipeline.mongodbURI(port: relay.port)])
            try await eventually(within: .seconds(120), "the worker has come to the \(part) of \(write)") {
                relay.isHolding
            }
            worker.process.stop()
        }

        private static func check(_ log: any EventLog, _ store: any RawEventStore, _ records: MadeRecords) async throws
        {
            let (count, poison) = (records.batch.count, records.poison.count)
            try await eventually(within: .seconds(120), "all are accounted for") {
                try await store.totals().processed == Int64(count)
            }
            let totals = try await store.totals()
            #expect(totals.stored == Int64(count - poison) && totals.dead == Int64(poison))
            #expect(totals.duplicate == 0 && totals.lost == 0 && totals.areBalanced)
            #expect(try await store.everything().count == count - poison)
            // Killed between topic and index, a letter comes into the topic again; the index has it once.
            #expect(Set(try await log.plainDeadLetters()) == Set(records.plainPoison))
            let indexed = try await store.deadLetters(matching: DeadLetterFilter(), after: nil, limit: 1_000)
            #expect(indexed.count == poison)
        }
    }
}

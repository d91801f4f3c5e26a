import Foundation
import KafkaLog
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// Rejected events in the distributed profile.
    @Suite struct RejectedEventsTests {
        @Test("the collector writes rejected events to the dead-letter topic, and to be turned off is to be silent")
        func collect() async throws {
            try await Pipeline.withPipeline { pipeline in
                let log = try KafkaLog(
                    configuration: KafkaConfiguration(
                        bootstrapServers: pipeline.broker.bootstrapServers, clientID: "test"))
                do {
                    try await Self.check(pipeline, log)
                } catch {
                    await log.close()
                    throw error
                }
                await log.close()
            }
        }

        private static func check(_ pipeline: Pipeline, _ log: KafkaLog) async throws {
            let quiet = try await pipeline.start("collector", ["COLLECTOR_DEAD_LETTER_REJECTED": "false"])
            let recording = try await pipeline.start("collector")
            for (collector, user) in [(quiet, "unheard"), (recording, "ada")] {
                let event = "{\"userId\":\"\(user)\",\"eventType\":\"A\"}"
                let answer = try await post("\(collector.url)/v1/events", event)
                #expect(answer.status == 400)
            }
            try await eventually(within: .seconds(30), "one letter is there") { try await letters(log).count == 1 }
            // What the quiet one may have had in hand is written before it ends.
            quiet.process.signal(SIGTERM)
            #expect(try await quiet.process.wait(within: .seconds(10)) == .exited(0))
            let found = try await letters(log)
            #expect(found.count == 1)
            #expect(found.key(at: 0).map { String(decoding: $0, as: UTF8.self) } == "ada")
            #expect(found.deadLetterStage(at: 0) == .collect)
            #expect(found.text(.deadLetterReason, at: 0) == "invalid_format")
            #expect(found.text(.deadLetterOffset, at: 0) == nil)
        }

        private static func letters(_ log: KafkaLog) async throws -> RecordBatch {
            let partitions = (0..<Int32(try await log.partitionCount(of: .deadLetters))).map { $0 }
            let extents = try await log.watermarks(of: .deadLetters, partitions: partitions)
            let places = extents.flatMap { partition, extent in
                (extent.low..<extent.high).map { LogOffset(partition: partition, offset: $0) }
            }
            return places.isEmpty ? RecordBatch() : try await log.records(at: places, in: .deadLetters)
        }
    }
}

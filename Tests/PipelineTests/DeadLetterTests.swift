import Foundation
import KafkaLog
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// An event at fault goes to the dead-letter topic, and only that.
    @Suite struct DeadLetterTests {
        private static let faulty: [(value: String, reason: String)] = [
            ("this is no JSON", "invalid_json"),
            (#"{"userId":"null","eventType":"page_view"}"#, "junk_user_id"),
            (#"{"eventType":"page_view"}"#, "missing_field"),
        ]

        @Test("poison is dead-lettered, bytes intact, with headers that say why and where")
        func poison() async throws {
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
            var batch = RecordBatch()
            for (index, value) in (faulty.map(\.value) + [#"{"userId":"ada","eventType":"page_view"}"#]).enumerated() {
                let headers = [(HeaderName.source, "shop"), (.eventID, "e\(index)"), (.receivedAt, "1746100800000")]
                let stored = headers.map {
                    RecordBatch.Header(name: batch.store($0.0.rawValue), value: batch.store($0.1))
                }
                batch.append(
                    key: batch.store("k"), value: batch.store(value), headers: stored, timestamp: 1_746_100_800_000)
            }
            let places = try await log.produce(batch, to: .userEvents)
            _ = try await pipeline.start("worker")
            try await eventually(within: .seconds(60), "all four are accounted for") {
                let totals = try await pipeline.totals()
                return totals.dead == 3 && totals.stored == 1 && totals.balanced
            }
            let letters = try await deadLetters(log)
            #expect(letters.count == faulty.count)
            for index in letters.records.indices {
                let value = String(decoding: letters.value(at: index), as: UTF8.self)
                let place = faulty.firstIndex { $0.value == value }
                #expect(place != nil, "altered: \(value)")
                guard let place else { continue }
                #expect(letters.text(.deadLetterReason, at: index) == faulty[place].reason)
                #expect(letters.text(.deadLetterStage, at: index) == "decode")
                #expect(letters.text(.deadLetterTopic, at: index) == "user-events")
                #expect(letters.text(.deadLetterPartition, at: index) == String(places[place].partition))
                #expect(letters.text(.deadLetterOffset, at: index) == String(places[place].offset))
                #expect(letters.text(.deadLetterConsumerGroup, at: index) == "tributary-worker")
                #expect(letters.text(.deadLetterReplays, at: index) == "0")
                #expect(letters.text(.eventID, at: index) == "e\(place)")
                #expect(letters.key(at: index).map(Array.init) == Array("k".utf8))
            }
        }

        /// Everything in the dead-letter topic.
        private static func deadLetters(_ log: KafkaLog) async throws -> RecordBatch {
            let count = try await log.partitionCount(of: .deadLetters)
            let extents = try await log.watermarks(of: .deadLetters, partitions: Array(0..<Int32(count)))
            let places = extents.flatMap { partition, extent in
                (extent.low..<extent.high).map { LogOffset(partition: partition, offset: $0) }
            }
            return try await log.records(at: places, in: .deadLetters)
        }
    }
}

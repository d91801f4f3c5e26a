import Foundation
import KafkaLog
import MongoStore
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// A server that is down costs time, never an event.
    @Suite struct OutageTests {
        private static let event =
            #"{"eventId":"e1","userId":"ada","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z"}"#

        @Test("without a broker the collector says 503 and Retry-After, and is ready again when it is back")
        func broker() async throws {
            try await Pipeline.withPipeline { pipeline in
                let collector = try await pipeline.start("collector", ["PRODUCE_TIMEOUT": "2s"])
                #expect(try await post("\(collector.url)/v1/events", Self.event).status == 202)
                try await pipeline.broker.command("down 1")
                try await eventually(within: .seconds(30), "the collector is not ready") {
                    try await get("\(collector.url)/readyz").status == 503
                }
                #expect(try await get("\(collector.url)/healthz").status == 200)
                let refused = try await post("\(collector.url)/v1/events", Self.event)
                #expect(refused.status == 503)
                #expect(refused.headers["retry-after"].flatMap { Int($0) } ?? 0 > 0)
                #expect(refused.headers["content-type"] == "application/problem+json")
                try await pipeline.broker.command("up 1")
                try await eventually(within: .seconds(30), "the collector is ready") {
                    try await get("\(collector.url)/readyz").status == 200
                }
                #expect(try await post("\(collector.url)/v1/events", Self.event).status == 202)
            }
        }

        @Test("without MongoDB the worker waits, and nothing is dropped or dead-lettered")
        func mongodb() async throws {
            try await Pipeline.withPipeline { pipeline in
                let relay = try TCPRelay(to: pipeline.mongodbPort)
                let worker = try await pipeline.start("worker", ["MONGODB_URI": pipeline.mongodbURI(port: relay.port)])
                let collector = try await pipeline.start("collector")
                try await eventually(within: .seconds(30), "the worker is ready") {
                    try await get("\(worker.url)/readyz").status == 200
                }
                relay.cut()
                for number in 0..<50 {
                    let event = Self.event.replacing("e1", with: "e\(number)").replacing("ada", with: "u\(number)")
                    #expect(try await post("\(collector.url)/v1/events", event).status == 202)
                }
                try await eventually(within: .seconds(60), "the worker is not ready") {
                    try await get("\(worker.url)/readyz").status == 503
                }
                relay.restore()
                try await eventually(within: .seconds(60), "all is stored") {
                    try await pipeline.totals().stored == 50
                }
                try await eventually(within: .seconds(30), "the worker is ready again") {
                    try await get("\(worker.url)/readyz").status == 200
                }
                let totals = try await pipeline.totals()
                #expect(totals.dead == 0 && totals.lost == 0 && totals.balanced)
            }
        }

        @Test("what waits for MongoDB has bounded room: what is more is dropped, and fetched again")
        func heldRecords() async throws {
            var records = MadeRecords(at: 1_746_100_800_000)
            let (note, room) = (String(repeating: "x", count: 20_000), 1 << 20)
            for number in 0..<400 { records.append(number, note: note) }
            try await Pipeline.withPipeline { pipeline in
                let relay = try TCPRelay(to: pipeline.mongodbPort)
                let worker = try await pipeline.start(
                    "worker",
                    [
                        "MONGODB_URI": pipeline.mongodbURI(port: relay.port), "WORKER_HELD_BYTES": String(room),
                        "WORKER_BATCH_SIZE": "20",
                    ])
                try await eventually(within: .seconds(60), "the worker has its partitions") {
                    try await worker.sum(of: "tributary_worker_partitions_assigned") == 24
                }
                relay.cut()
                try await pipeline.withStores { log, store in
                    try await log.produceAll(records.batch)
                    var most = 0.0
                    try await eventually(within: .seconds(120), "there is no more room") {
                        most = max(most, try await worker.sum(of: "tributary_worker_held_bytes"))
                        return worker.process.lines.contains { $0.contains("has no more room") }
                    }
                    // One batch of 20 records may be beyond it for a moment.
                    #expect(most <= Double(room + 20 * 21_000))
                    relay.restore()
                    try await eventually(within: .seconds(120), "all is stored") {
                        try await store.totals().stored == 400
                    }
                    let totals = try await store.totals()
                    #expect(totals.dead == 0 && totals.lost == 0 && totals.areBalanced)
                    #expect(try await store.everything().count == 400)
                }
            }
        }

        @Test("without PostgreSQL the dashboard says 503, and answers again when it is back")
        func postgresql() async throws {
            try await Pipeline.withPipeline { pipeline in
                let relay = try TCPRelay(to: pipeline.postgresPort)
                let dashboard = try await pipeline.start(
                    "dashboard-api", ["POSTGRES_URL": pipeline.postgresURL(port: relay.port)])
                let question = "\(dashboard.url)/api/analytics/visitors?date=2025-05-01"
                #expect(try await get(question).status == 200)
                relay.cut()
                try await eventually(within: .seconds(30), "the dashboard is not ready") {
                    try await get("\(dashboard.url)/readyz").status == 503
                }
                let refused = try await get(question)
                #expect(refused.status == 503)
                #expect(refused.headers["retry-after"] != nil)
                #expect(refused.headers["content-type"] == "application/problem+json")
                relay.restore()
                try await eventually(within: .seconds(30), "the dashboard answers") {
                    try await get(question).status == 200
                }
            }
        }
    }
}

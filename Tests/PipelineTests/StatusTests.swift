import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// How far the pipeline is and what became of an event, told by the real stores.
    @Suite struct StatusTests {
        @Test("the three servers tell")
        func distributed() async throws {
            try await Pipeline.withPipeline { pipeline in
                let roles = try await Roles.start(pipeline, workers: 1)
                try await Self.walk(roles.collector.url, roles.dashboard)
            }
        }

        @Test("a directory tells")
        func embedded() async throws {
            try await Serve.withServe { serve in try await Self.walk(serve.collectorURL, serve.dashboard) }
        }

        private struct Status: Decodable {
            struct Books: Decodable {
                var stored, duplicate, dead, lost, gaps, lag, unfolded, timeToDataLoss: Int64?
                var balanced: Bool?
                var first, next, committed, folded, logEnd: Int64?
            }
            var totals: Books
            var partitions: [Books]
        }

        private struct Event: Decodable {
            struct Letter: Decodable { var reason, state: String }
            var status: String
            var deadLetters: [Letter]
        }

        /// Three events, one of them again, and another one with its id.
        private static func walk(_ collector: String, _ dashboard: Pipeline.Role) async throws {
            let time = #""timestamp":"2025-05-01T12:00:00Z""#
            let events = ["a", "b", "c", "a"].map {
                #"{"eventId":"\#($0)","userId":"u-\#($0)","eventType":"click",\#(time)}"#
            }
            let other = #"{"eventId":"a","userId":"u-a","eventType":"sign_up",\#(time)}"#
            let body = "[\((events + [other]).joined(separator: ","))]"
            #expect(try await post("\(collector)/v1/events", body).status == 202)
            var last: Status?
            try await eventually(within: .seconds(120), "all is accounted for") {
                let status: Status = try await read(dashboard, "pipeline/status")
                last = status
                let totals = status.totals
                return [totals.stored, totals.duplicate, totals.dead, totals.lag, totals.unfolded] == [3, 1, 1, 0, 0]
                    && status.partitions.allSatisfy { $0.committed == nil || $0.committed == $0.next }
            }
            let status = try #require(last)
            #expect(status.totals.balanced == true && status.totals.lost == 0 && status.totals.timeToDataLoss == nil)
            #expect(status.partitions.count == 24)
            #expect(status.partitions.compactMap(\.logEnd).reduce(0, +) == 5)
            for books in status.partitions where books.next != nil {
                #expect(books.next == books.logEnd && books.folded ?? 0 <= books.next ?? 0)
            }
            let conflict: Event = try await read(dashboard, "events/default/a")
            #expect(conflict.status == "folded")
            #expect(conflict.deadLetters.map(\.reason) == ["conflict"] && conflict.deadLetters[0].state == "open")
            let plain: Event = try await read(dashboard, "events/default/b")
            #expect(plain.status == "folded" && plain.deadLetters.isEmpty)
            let none: Event = try await read(dashboard, "events/default/nowhere")
            #expect(none.status == "unknown")
        }

        private static func read<Value: Decodable>(_ dashboard: Pipeline.Role, _ path: String) async throws -> Value {
            let answer = try await get("\(dashboard.url)/api/\(path)")
            guard answer.status == 200 else { throw PipelineFailure("\(path): \(answer.status) \(answer.body)") }
            return try JSONDecoder().decode(Value.self, from: Data(answer.body.utf8))
        }
    }
}

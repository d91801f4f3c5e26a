import EmbeddedStores
import Foundation
import MongoStore
import Stores
import TestSupport
import Testing

extension PipelineTests {
    /// A trace, from the client's header to the stored event and the log lines about it.
    @Suite struct TraceTests {
        private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        private static let header = ["traceparent": "00-\(trace)-00f067aa0ba902b7-01"]
        private static let event =
            #"{"eventId":"1","userId":"ada","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z"}"#

        @Test("servers: client, Kafka's header, stored event, log lines of collector and worker")
        func servers() async throws {
            try await Pipeline.withPipeline { pipeline in
                let debug = ["LOG_LEVEL": "debug"]
                let worker = try await pipeline.start("worker", debug)
                let collector = try await pipeline.start("collector", debug)
                try await Self.send(to: collector.url)
                try await Self.expectLine(collector, "Events are durable")
                try await Self.expectLine(worker, "Events went to the dead-letter topic")
                let shown = try await pipeline.run("dead-letters", "show", try await Self.position(pipeline))
                #expect(shown.output.contains("traceparent"), "\(shown.output)")
                #expect(shown.output.contains(Self.trace))
                #expect(try await pipeline.storedEvent("1")?.context.traceID == Self.trace)
            }
        }

        @Test("serve: client, stored event, log lines")
        func embedded() async throws {
            try await Serve.withServe(["LOG_LEVEL": "debug"]) { serve in
                try await Self.send(to: serve.collectorURL)
                try await Self.expectLine(serve.dashboard, "Events are durable")
                try await Self.expectLine(serve.dashboard, "Events went to the dead-letter topic")
                #expect(try await serve.terminate() == .exited(0))
                let directory = try DataDirectory(path: serve.directory)
                let found = try? await directory.raw.event(source: "default", eventID: "1")
                await directory.close()
                #expect(found?.context.traceID == Self.trace)
            }
        }

        /// A good event, and one that dies in the worker because the good one has its id.
        private static func send(to collector: String) async throws {
            #expect(try await post("\(collector)/v1/events", event, headers: header).status == 202)
            let conflict = event.replacing("page_view", with: "sign_up")
            #expect(try await post("\(collector)/v1/events", conflict, headers: header).status == 202)
        }

        private static func expectLine(_ role: Pipeline.Role, _ message: String) async throws {
            let line = try await role.process.line(within: .seconds(60)) { $0.contains("\"message\":\"\(message)") }
            #expect(line.contains("\"traceId\":\"\(trace)\""), "\(line)")
        }

        private static func position(_ pipeline: Pipeline) async throws -> String {
            var position = ""
            try await eventually(within: .seconds(60), "a dead letter is listed") {
                let list = try await pipeline.run("dead-letters", "list", "--json").output
                position = list.firstMatch(of: /"position":"([0-9\/]+)"/).map { String($0.1) } ?? ""
                return !position.isEmpty
            }
            return position
        }
    }
}

extension Pipeline {
    /// An event of the source `default` as it is stored; `nil` where there is none.
    fileprivate func storedEvent(_ id: String) async throws -> RawEvent? {
        let store = try MongoStore(uri: mongodbURI(port: mongodbPort))
        let found: Result<RawEvent?, any Error>
        do { found = .success(try await store.event(source: "default", eventID: id)) } catch { found = .failure(error) }
        await store.close()
        return try found.get()
    }
}

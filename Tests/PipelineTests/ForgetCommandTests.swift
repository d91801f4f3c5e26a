import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// A user is forgotten while everything runs, on both profiles.
    struct ForgetCommandTests {
        private typealias Run = ([String]) async throws -> (end: ChildProcess.End, output: String)

        private static func event(_ id: String, _ user: String) -> String {
            #"{"eventId":"\#(id)","userId":"\#(user)","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z","#
                + #""metadata":{"path":"/x","name":"Ada L."}}"#
        }

        @Test("a user is forgotten and no number changes: servers")
        func servers() async throws {
            try await Pipeline.withPipeline { pipeline in
                let roles = try await Roles.start(pipeline, workers: 1)
                try await Self.walk(roles.collector.url, roles.dashboard) { try await pipeline.run($0) }
            }
        }

        @Test("a user is forgotten and no number changes: while serve runs, and after it")
        func embedded() async throws {
            try await Serve.withServe { serve in
                func run(_ arguments: [String]) async throws -> (end: ChildProcess.End, output: String) {
                    try await runToEnd(
                        productPath("tributary"), arguments + ["--data-dir", serve.directory],
                        environment: ["PATH": "/usr/bin:/bin", "REPORTING_TIMEZONE": "UTC"])
                }
                try await Self.walk(serve.collectorURL, serve.dashboard, run)
                #expect(!serve.process.lines.contains { $0.contains("\"ada\"") || $0.contains(" ada") })
                #expect(try await serve.terminate() == .exited(0))
                let raw = try Data(contentsOf: URL(filePath: "\(serve.directory)/raw.db"))
                #expect(raw.range(of: Data("Ada L.".utf8)) == nil, "what was forgotten is not in the file either")
                let after = try await run(["forget", "--source", "default", "--user", "bob"])
                #expect(after.end == .exited(0) && after.output.contains("forgotten: 1 raw events"), "\(after.output)")
                #expect(try await run(["verify", "--from", "2025-05-01", "--to", "2025-05-01"]).end == .exited(0))
            }
        }

        private static func walk(_ collector: String, _ dashboard: Pipeline.Role, _ run: Run) async throws {
            let events = [event("1", "ada"), event("2", "ada"), event("3", "bob")]
            for event in events { #expect(try await post("\(collector)/v1/events", event).status == 202) }
            try await dashboard.waitUntilComplete()
            let before = try await dashboard.visitors("date=2025-05-01")
            #expect([before.events, before.visitors] == [3, 2])

            let first = try await run(["forget", "--source", "default", "--user", "ada"])
            #expect(first.end == .exited(0), "\(first.output)")
            #expect(first.output.contains("forgotten: 2 raw events and a visitor are nobody's now"), "\(first.output)")
            #expect(first.output.contains("'user-events' (7 days)"), "\(first.output)")
            let second = try await run(["forget", "--source", "default", "--user", "ada"])
            #expect(second.end == .exited(0) && second.output.contains("nothing was changed"), "\(second.output)")
            let after = try await dashboard.visitors("date=2025-05-01")
            #expect([after.events, after.visitors, after.revision] == [3, 2, before.revision])

            for event in events { #expect(try await post("\(collector)/v1/events", event).status == 202) }
            try await dashboard.waitUntilComplete()
            let again = try await dashboard.visitors("date=2025-05-01")
            #expect([again.events, again.visitors] == [3, 2], "what comes again brings nobody back")
            #expect(try await post("\(collector)/v1/events", event("4", "ada")).status == 202)
            try await dashboard.waitUntilComplete()
            let later = try await dashboard.visitors("date=2025-05-01")
            #expect([later.events, later.visitors] == [4, 3], "a new event is a new visitor's")

            for command in ["verify", "rebuild", "verify"] {
                let result = try await run([command, "--from", "2025-05-01", "--to", "2025-05-01"])
                #expect(result.end == .exited(0), "\(result.output)")
            }
            let rebuilt = try await dashboard.visitors("date=2025-05-01")
            #expect([rebuilt.events, rebuilt.visitors] == [4, 3])
        }
    }
}

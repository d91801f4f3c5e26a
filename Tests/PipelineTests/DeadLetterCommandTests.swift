import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// An operator's way from dead letters to repaired numbers, on both profiles.
    struct DeadLetterCommandTests {
        /// Two events with one id: the second is a conflict and dies in the worker.
        private static let events = """
            [{"eventId":"1","userId":"ada","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z"},
            {"eventId":"1","userId":"ada","eventType":"sign_up","timestamp":"2025-05-01T12:00:01Z"}]
            """

        @Test("dead letters are listed, corrected, replayed and resolved: servers")
        func servers() async throws {
            try await Pipeline.withPipeline { pipeline in
                let roles = try await Roles.start(pipeline, workers: 1)
                try await Self.walk(collector: roles.collector.url, dashboard: roles.dashboard) { arguments in
                    try await pipeline.run(["dead-letters"] + arguments)
                }
            }
        }

        @Test("dead letters are listed, corrected, replayed and resolved: while serve runs, and after it")
        func embedded() async throws {
            try await Serve.withServe { serve in
                func run(_ arguments: [String]) async throws -> (end: ChildProcess.End, output: String) {
                    try await runToEnd(
                        productPath("tributary"), ["dead-letters"] + arguments + ["--data-dir", serve.directory],
                        environment: ["PATH": "/usr/bin:/bin"])
                }
                try await Self.walk(collector: serve.collectorURL, dashboard: serve.dashboard, run)
                #expect(try await serve.terminate() == .exited(0))
                let stats = try await run(["stats"])
                #expect(stats.end == .exited(0))
                #expect(stats.output.contains("1  resolved  store  conflict  default"), "\(stats.output)")
                let other = try await runToEnd(
                    productPath("tributary"), ["dead-letters", "list", "--data-dir", serve.directory + "/none"],
                    environment: ["PATH": "/usr/bin:/bin"])
                #expect(other.end == .exited(78))
                #expect(other.output.contains("is not a directory that 'serve' has made"), "\(other.output)")
            }
        }

        /// Every command of the operator's page, as it stands there, on a directory with dead letters.
        @Test("the commands of docs/operating.md are commands")
        func page() async throws {
            try await Serve.withServe { serve in
                #expect(try await post("\(serve.collectorURL)/v1/events", Self.events).status == 202)
                try await serve.dashboard.waitUntilComplete()
                let page = try Page("docs/operating.md")
                #expect(page.commands.count >= 9)
                try await Page.carryOut(page.commands, on: serve)
            }
        }

        private static func walk(
            collector: String, dashboard: Pipeline.Role,
            _ run: ([String]) async throws -> (end: ChildProcess.End, output: String)
        ) async throws {
            #expect(try await post("\(collector)/v1/events", events).status == 202)
            try await eventually(within: .seconds(60), "a dead letter is listed") {
                try await run(["list"]).output.contains("another event with the same eventId")
            }
            let before = try await dashboard.eventsOfDay()
            #expect(before == 1)
            let list = try await run(["list", "--json", "--reason", "conflict", "--since", "1h"])
            let position = try #require(list.output.firstMatch(of: /"position":"([0-9\/]+)"/)?.1)
            let shown = try await run(["show", String(position)])
            #expect(shown.output.contains(#""eventType":"sign_up""#), "\(shown.output)")
            let refused = try await run(["replay"])
            #expect(refused.output.contains("left out: another event with its eventId"), "\(refused.output)")

            try await TemporaryDirectory.with { directory in
                let file = URL(filePath: "\(directory.path)/corrected.ndjson")
                let exported = try await run(["export"]).output
                let line = try #require(exported.split(separator: "\n").first { $0.hasPrefix("{") })
                try line.replacing(#"\"eventId\":\"1\""#, with: #"\"eventId\":\"2\""#)
                    .write(to: file, atomically: true, encoding: .utf8)
                let replay = ["replay", "--from-file", file.path]
                let planned = try await run(replay + ["--dry-run"])
                #expect(planned.output.contains("1 would be sent"), "\(planned.output)")
                let replayed = try await run(replay)
                #expect(replayed.end == .exited(0))
                #expect(
                    replayed.output.contains("1 sent, 0 left out, 1 resolved, 0 failed again"), "\(replayed.output)")
                let again = try await run(replay)
                #expect(again.output.contains("0 sent, 0 left out"), "\(again.output)")
            }
            #expect(try await dashboard.eventsOfDay() == 2)
        }
    }
}

extension Pipeline.Role {
    /// The events of the day of these tests, when all has been folded.
    fileprivate func eventsOfDay() async throws -> Int64 {
        try await waitUntilComplete()
        return try await visitors("date=2025-05-01").events
    }
}

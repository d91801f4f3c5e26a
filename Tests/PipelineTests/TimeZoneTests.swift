import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// Another reporting time zone: refused until all days have been cut in it.
    struct TimeZoneTests {
        /// In Kathmandu the second is of the second of May.
        private static let events = """
            [{"eventId":"1","userId":"ada","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z"},
            {"eventId":"2","userId":"bob","eventType":"page_view","timestamp":"2025-05-01T20:00:00Z"}]
            """
        private static let kathmandu = ["REPORTING_TIMEZONE": "Asia/Kathmandu"]

        @Test("a time zone is changed: servers")
        func servers() async throws {
            try await Pipeline.withPipeline { pipeline in
                let roles = try await Roles.start(pipeline, workers: 1)
                #expect(try await post("\(roles.collector.url)/v1/events", Self.events).status == 202)
                try await roles.dashboard.waitUntilComplete()
                #expect(try await roles.dashboard.visitors("date=2025-05-01").visitors == 2)
                roles.aggregator.process.stop()
                for command in [["aggregator"], ["aggregator", "--once"]] {
                    let refused = try await pipeline.run(command, Self.kathmandu)
                    #expect(refused.end == .exited(78), "\(refused.output)")
                    #expect(refused.output.contains("tributary rebuild --timezone Asia/Kathmandu"), "\(refused.output)")
                }
                let changed = try await pipeline.run("rebuild", "--timezone", "Asia/Kathmandu")
                #expect(changed.end == .exited(0), "\(changed.output)")
                #expect(
                    changed.output.contains("all days cut in Asia/Kathmandu from 2 raw events"), "\(changed.output)")
                #expect(
                    try await pipeline.run("aggregator", "--once").end == .exited(78), "the old zone is refused now")
                #expect(try await pipeline.run(["aggregator", "--once"], Self.kathmandu).end == .exited(0))
                let verified = try await pipeline.run(
                    ["verify", "--from", "2025-05-01", "--to", "2025-05-02"], Self.kathmandu)
                #expect(verified.end == .exited(0), "\(verified.output)")
                let dashboard = try await pipeline.start("dashboard-api", Self.kathmandu)
                for day in ["2025-05-01", "2025-05-02"] {
                    #expect(try await dashboard.visitors("date=\(day)").visitors == 1)
                }
            }
        }

        @Test("a time zone is changed: while serve runs, which then asks to be started with it")
        func embedded() async throws {
            try await Serve.withServe { serve in
                #expect(try await post("\(serve.collectorURL)/v1/events", Self.events).status == 202)
                try await serve.dashboard.waitUntilComplete()
                let changed = try await runToEnd(
                    productPath("tributary"),
                    ["rebuild", "--timezone", "Asia/Kathmandu", "--data-dir", serve.directory],
                    environment: ["PATH": "/usr/bin:/bin"])
                #expect(changed.end == .exited(0), "\(changed.output)")
                // The collector goes on; passes wait for the right settings, and the health says so.
                try await eventually(within: .seconds(30), "the mismatch shows") {
                    try await get("\(serve.dashboard.url)/readyz").status == 503
                }
                #expect(try await post("\(serve.collectorURL)/v1/events", Self.events).status == 202)
                #expect(try await serve.terminate() == .exited(0))
                let refused = try Serve.launch(serve.directory, 0, 0)
                #expect(try await refused.wait(within: .seconds(20)) == .exited(78))
                let again = try Serve.launch(serve.directory, 0, try freePort(), Self.kathmandu)
                defer { again.stop() }
                _ = try await again.line(within: .seconds(60)) { $0.contains("Pass finished") }
            }
        }

        @Test(
            "what makes no sense with --timezone is refused, and said",
            arguments: [
                ["--timezone", "Mars/Olympus"], ["--timezone", "UTC", "--from", "2025-05-01"],
                ["--from", "2025-05-01"], ["--from", "2025-05-01", "--to", "2025-05-02", "--drop-expired"],
            ])
        func nonsense(_ arguments: [String]) async throws {
            let result = try await runToEnd(productPath("tributary"), ["rebuild"] + arguments)
            #expect(result.end == .exited(64))
            #expect(result.output.contains("--"))
        }
    }
}

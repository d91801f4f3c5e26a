import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// `tributary load`: what it sends is counted rightly, by both profiles alike.
    @Suite struct LoadTests {
        private static let traffic = [
            "--from", "2025-05-01", "--to", "2025-05-24", "--events", "6000", "--users", "800", "--late", "0.1",
            "--duplicates", "0.1",
        ]

        @Test("both profiles give the numbers of a recount of the dry run, and the same answers")
        func bothProfiles() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            try await TemporaryDirectory.with { directory in
                let traffic = Self.traffic + ["--seed", String(seed)]
                let recount = try await Self.recount(traffic, in: directory.path)
                let embedded = try await Self.embedded(traffic, recount)
                let distributed = try await Self.distributed(traffic, recount)
                #expect(embedded == distributed)
            }
        }

        /// The dry run, counted by a script that shares nothing with the product, and by the generator itself.
        private static func recount(_ traffic: [String], in directory: String) async throws -> Recount {
            let events = "\(directory)/events", expected = "\(directory)/expected.json"
            let command = #"exec "$0" load --dry-run "$@" >"$EVENTS""#
            let arguments = ["-c", command, productPath("tributary")] + traffic + ["--expect", expected]
            let process = try ChildProcess(
                "/bin/sh", arguments, environment: ["EVENTS": events, "PATH": "/usr/bin:/bin"])
            #expect(try await process.wait(within: .seconds(60)) == .exited(0))
            let recount = try await Recount.ofEvents(events)
            let own = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: URL(filePath: expected)))
            #expect(own.days == recount.days && own.weeks == recount.weeks && own.total == recount.total)
            #expect(own.duplicates > 100)
            return recount
        }

        private struct Expected: Decodable {
            var days: [String: [Int64]]
            var weeks: [String: [Int64]]
            var total: [Int64]
            var duplicates: Int64
        }

        private static func embedded(_ traffic: [String], _ recount: Recount) async throws -> [Visitors.Point] {
            var points: [Visitors.Point] = []
            try await Serve.withServe { serve in
                try await send(traffic, to: serve.collectorURL, recount)
                points = try await expect(recount, serve.dashboard)
                // Once more, with requests that are sent twice: nothing changes.
                try await send(traffic, to: serve.collectorURL, recount, ["--retries", "0.5"])
                #expect(try await expect(recount, serve.dashboard) == points)
            }
            return points
        }

        private static func distributed(_ traffic: [String], _ recount: Recount) async throws -> [Visitors.Point] {
            var points: [Visitors.Point] = []
            try await Pipeline.withPipeline { pipeline in
                let roles = try await Roles.start(pipeline, workers: 2)
                try await send(traffic, to: roles.collector.url, recount, ["--retries", "0.2"])
                points = try await expect(recount, roles.dashboard)
                let totals = try await pipeline.totals()
                #expect(totals.stored == recount.total[0] && totals.dead == 0 && totals.lost == 0 && totals.balanced)
            }
            return points
        }

        private static func send(
            _ traffic: [String], to collector: String, _ recount: Recount, _ more: [String] = []
        ) async throws {
            let report = try await LoadReport.of(traffic + more + ["--collector", collector, "--batch", "100"])
            #expect(report.new == recount.total[0] && report.rejected == 0)
            #expect(report.accepted == report.new + report.duplicates && report.sent == report.accepted)
            #expect(report.late > 100 && report.duplicates > 100)
        }

        /// Compares the API's numbers by day and week with a recount; returns them all.
        private static func expect(_ recount: Recount, _ dashboard: Pipeline.Role) async throws -> [Visitors.Point] {
            try await dashboard.waitUntilComplete()
            let range = "from=2025-05-01&to=2025-05-23"
            let daily = try await dashboard.visitors("\(range)&interval=day")
            let weekly = try await dashboard.visitors("\(range)&interval=week")
            #expect([daily.events, daily.visitors] == recount.total)
            #expect(daily.series?.count == 23 && weekly.series?.count == 4)
            for point in daily.series ?? [] { #expect([point.events, point.visitors] == recount.days[point.start]) }
            for point in weekly.series ?? [] { #expect([point.events, point.visitors] == recount.weeks[point.start]) }
            return (daily.series ?? []) + (weekly.series ?? [])
        }
    }
}

extension PipelineTests {
    /// What `tributary load` says and how it ends.
    @Suite struct LoadReportTests {
        @Test("live at a rate: as many as wanted, as fast as wanted, percentiles in order, from the intended time")
        func live() async throws {
            try await Serve.withServe { serve in
                let report = try await LoadReport.of([
                    "--collector", serve.collectorURL, "--rate", "400/s", "--events", "600", "--duplicates", "0",
                ])
                #expect(report.new == 600 && report.accepted == 600 && report.duplicates == 0)
                // Late events go out with the last ones: the time is that of the others.
                #expect((1.3...3).contains(report.seconds))
                let latency = report.latencyMilliseconds
                let times = [latency.p50, latency.p90, latency.p99, latency.p999, latency.max]
                #expect(latency.from == "intended" && times == times.sorted() && times[0] > 0)
            }
        }

        @Test("a collector that stands still shows in the latencies: what waits counts from when it should have gone")
        func omission() async throws {
            try await Serve.withServe { serve in
                let running = try startLoad([
                    "--collector", serve.collectorURL, "--rate", "100", "--duration", "3s", "--connections", "1",
                    "--json",
                ])
                try await eventually(within: .seconds(30), "events arrive") {
                    try await acceptedEvents(serve) > 20
                }
                serve.process.signal(SIGSTOP)
                try await Task.sleep(for: .seconds(1))  // How long it stands still is what is tested.
                serve.process.signal(SIGCONT)
                let report = try await LoadReport.of(running)
                #expect(report.rejected == 0 && report.latencyMilliseconds.max > 900)
                // A third of the events should have gone meanwhile, evenly: not one request, but many were late.
                #expect(report.latencyMilliseconds.p90 > 400, "\(report.latencyMilliseconds)")
            }
        }

        @Test("SIGINT ends live traffic with a report and 0, a history with 130")
        func interrupt() async throws {
            try await Serve.withServe { serve in
                for (arguments, end) in [(["--rate", "200"], Int32(0)), (["--days", "3", "--rate", "200"], 130)] {
                    let running = try startLoad(arguments + ["--collector", serve.collectorURL, "--json"])
                    let before = try await acceptedEvents(serve)
                    try await eventually(within: .seconds(30), "events arrive") {
                        try await acceptedEvents(serve) > before + 20
                    }
                    running.signal(SIGINT)
                    #expect(try await running.wait(within: .seconds(10)) == .exited(end))
                    try await eventually(within: .seconds(5), "the report is there") {
                        running.lines.contains { $0.contains(#""accepted":"#) }
                    }
                }
            }
        }

        @Test("a collector that is away for a while gets everything once it is back")
        func retries() async throws {
            try await Serve.withServe { serve in
                serve.process.stop()
                let running = try startLoad([
                    "--collector", serve.collectorURL, "--rate", "max", "--events", "300", "--json",
                ])
                try await serve.killAndRestart()
                let report = try await LoadReport.of(running)
                #expect(report.new == 300 && report.rejected == 0)
            }
        }

        @Test(
            "what makes no sense is refused, and said",
            arguments: [
                ["--rate", "fast"], ["--late", "2"], ["--to", "2025-05-01"], ["--from", "2025-02-30"],
                ["--from", "2025-05-02", "--to", "2025-05-01"], ["--days", "1", "--from", "2025-05-01"],
                ["--batch", "0"],
                ["--collector", "localhost"], ["--dry-run"], ["--days", "2", "--to", "2100-01-01"], ["--users", "0"],
            ])
        func nonsense(_ arguments: [String]) async throws {
            let running = try startLoad(arguments)
            #expect(try await running.wait(within: .seconds(20)) == .exited(64))
            try await eventually(within: .seconds(5), "the reason is said") {
                running.lines.contains { $0.hasPrefix("Error: ") && $0.contains("--") }
            }
        }
    }
}

/// Events that the collector says it has accepted.
private func acceptedEvents(_ serve: Serve) async throws -> Double {
    let metrics = try await get("\(serve.collectorURL)/metrics").body
    return metrics.split(separator: "\n").filter {
        $0.hasPrefix("tributary_collector_events") && $0.contains("accepted")
    }
    .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
}

/// The report of `tributary load --json`.
struct LoadReport: Decodable {
    struct Latency: Decodable {
        var p50, p90, p99, p999, max: Double
        var from: String
    }

    var sent, new, late, duplicates, accepted, rejected, requests, retried: Int64
    var seconds: Double
    var latencyMilliseconds: Latency

    static func of(_ arguments: [String]) async throws -> LoadReport {
        try await of(try startLoad(arguments + ["--json"]))
    }

    static func of(_ running: ChildProcess) async throws -> LoadReport {
        let end = try await running.wait(within: .seconds(120))
        guard end == .exited(0) else { throw PipelineFailure("load: \(end) \(running.lines)") }
        // What it printed last may still be in the pipe.
        var line: String?
        try await eventually(within: .seconds(5), "the report is there") {
            line = running.lines.last { $0.hasPrefix("{") }
            return line != nil
        }
        return try JSONDecoder().decode(LoadReport.self, from: Data((line ?? "").utf8))
    }
}

func startLoad(_ arguments: [String]) throws -> ChildProcess {
    try startBothStreams(productPath("tributary"), ["load"] + arguments, environment: ["PATH": "/usr/bin:/bin"])
}

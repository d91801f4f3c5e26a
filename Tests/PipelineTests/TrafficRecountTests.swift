import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// Made-up traffic over a change of clocks, counted by the product and by DuckDB: a million events in `make test-long`,
    /// some thousand otherwise.
    @Suite struct TrafficRecountTests {
        private static let isLong = ProcessInfo.processInfo.environment["TRIBUTARY_TEST_LONG"] != nil
        /// A day of 25 hours, one of 23, and an offset of three quarters of an hour.
        private static let zones = [
            (zone: "America/New_York", days: ["2025-10-20", "2025-11-10"]),
            (zone: "Europe/Berlin", days: ["2025-03-24", "2025-04-06"]),
            (zone: "Asia/Kathmandu", days: ["2020-12-21", "2021-01-11"]),
        ]

        @Test("the numbers are those that DuckDB counts")
        func duckDB() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            let (zone, days) = Self.zones[Int(seed % 3)]
            print("seed \(seed), \(zone)")
            let (events, users) = Self.isLong ? ("1000000", "100000") : ("8000", "900")
            let traffic = [
                "--from", days[0], "--to", days[1], "--events", events, "--users", users, "--late", "0.1",
                "--duplicates", "0.05", "--seed", String(seed),
            ]
            try await TemporaryDirectory.with { directory in
                let file = "\(directory.path)/events"
                let dryRun = try ChildProcess(
                    "/bin/sh",
                    ["-c", #"exec "$0" load --dry-run "$@" >"$EVENTS""#, productPath("tributary")] + traffic,
                    environment: ["EVENTS": file, "PATH": "/usr/bin:/bin"])
                #expect(try await dryRun.wait(within: .seconds(600)) == .exited(0))
                let recount = try await Recount.ofEvents(file, timeZone: zone)
                try await Serve.withServe(["REPORTING_TIMEZONE": zone]) { serve in
                    let load = try startLoad(traffic + ["--collector", serve.collectorURL, "--batch", "500"])
                    #expect(try await load.wait(within: .seconds(3_000)) == .exited(0), "\(load.lines.suffix(3))")
                    try await serve.dashboard.waitUntilComplete(within: .seconds(1_200))
                    try await Self.compare(serve, recount)
                }
            }
        }

        private static func compare(_ serve: Serve, _ recount: Recount) async throws {
            let days = recount.days.keys.sorted()
            let range = "from=\(days.first!)&to=\(days.last!)"
            let daily = try await serve.dashboard.visitors("\(range)&interval=day")
            #expect([daily.events, daily.visitors] == recount.total)
            for point in daily.series ?? [] {
                #expect([point.events, point.visitors] == recount.days[point.start] ?? [0, 0], "\(point.start)")
            }
            for point in try await serve.dashboard.visitors("\(range)&interval=week").series ?? [] {
                #expect([point.events, point.visitors] == recount.weeks[point.start], "\(point.start)")
            }
            let answer = try await get(
                "\(serve.dashboard.url)/api/analytics/breakdown?dimension=event_type&\(range)&limit=1000")
            let breakdown = try JSONDecoder().decode(Breakdown.self, from: Data(answer.body.utf8))
            let types = breakdown.rows.reduce(into: [String: [Int64]]()) { $0[$1.value] = [$1.events, $1.visitors] }
            #expect(types == recount.types)
            let verified = try await runToEnd(
                productPath("tributary"),
                ["verify", "--from", days.first!, "--to", days.last!, "--data-dir", serve.directory],
                environment: ["PATH": "/usr/bin:/bin"])
            #expect(verified.end == .exited(0), "\(verified.output.suffix(2_000))")
        }

        private struct Breakdown: Decodable {
            struct Row: Decodable {
                var value: String
                var events, visitors: Int64
            }
            var rows: [Row]
        }
    }
}

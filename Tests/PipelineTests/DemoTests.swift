import Events
import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// `tributary demo`, which `make run` starts once it is built.
    @Suite struct DemoTests {
        @Test("first start, Ctrl-C, second start: the history is sent once, and its numbers are those of a recount")
        func twice() async throws {
            try await Demo.with { demo in
                var running = try demo.start()
                let table = try await demo.table(of: running)
                let recount = try await demo.recount()
                try await demo.expect(recount)
                #expect(table == demo.lines(recount))
                running.signal(SIGINT)
                #expect(try await running.wait(within: .seconds(10)) == .exited(0))
                #expect(
                    !running.lines.contains { $0.contains("\u{1B}") || $0.contains("\r") }, "no terminal, no colours")

                running = try demo.start()
                #expect(try await demo.table(of: running) == table)
                #expect(running.lines.contains { $0.hasPrefix("the history is there") })
                try await demo.expect(recount)
                running.signal(SIGTERM)
                #expect(try await running.wait(within: .seconds(10)) == .exited(0))
            }
        }

        @Test("kill -9 while the history is sent: the next start completes it, and nothing counts twice")
        func kill() async throws {
            try await Demo.with { demo in
                let first = try demo.start(events: 60_000)
                try await eventually(within: .seconds(60), "the log grows") {
                    demo.logSize > 2_000_000 || first.hasEnded
                }
                first.stop()
                #expect(!first.lines.contains { $0.hasPrefix("week from") }, "it was killed too late to matter")
                let second = try demo.start(events: 60_000)
                _ = try await demo.table(of: second)
                #expect(second.lines.contains { $0.hasPrefix("the history was not finished") })
                try await demo.expect(try await demo.recount())
                second.stop()
            }
        }

        @Test("a port or a directory in use: one line that says so")
        func inUse() async throws {
            try await Demo.with { demo in
                let running = try demo.start()
                _ = try await demo.table(of: running)
                let samePort = try demo.start()
                #expect(try await samePort.wait(within: .seconds(20)) == .exited(1))
                try await eventually(within: .seconds(5), "one line: \(samePort.lines)") {
                    own(samePort).count == 1
                        && own(samePort)[0].hasPrefix("port \(demo.collectorPort) is in use by another program")
                }
                let sameDirectory = try demo.start(ports: (try freePort(), try freePort()))
                #expect(try await sameDirectory.wait(within: .seconds(20)) == .exited(78))
                try await eventually(within: .seconds(5), "one line: \(sameDirectory.lines)") {
                    own(sameDirectory).count == 1
                        && own(sameDirectory)[0].contains("is in use by another process (pid \(running.pid))")
                }
                running.stop()
            }
        }
    }
}

/// What a process has said itself: libmongoc warns where an earlier process of the same id has left its counters.
private func own(_ process: ChildProcess) -> [String] { process.lines.filter { !$0.contains("mongoc:") } }

/// A demo on a directory and ports of its own, without live traffic: its numbers stand still.
private struct Demo {
    let directory: String
    let collectorPort: Int
    let dashboardPort: Int

    static func with(_ body: (Demo) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            try await body(
                Demo(directory: directory.path, collectorPort: try freePort(), dashboardPort: try freePort()))
        }
    }

    func start(events: Int = 5_000, ports: (Int, Int)? = nil) throws -> ChildProcess {
        let (collector, dashboard) = ports ?? (collectorPort, dashboardPort)
        return try startBothStreams(
            productPath("tributary"),
            ["demo", "--days", "20", "--users", "500", "--events", String(events), "--live", "0"],
            environment: [
                "DATA_DIR": directory, "COLLECTOR_PORT": String(collector), "DASHBOARD_PORT": String(dashboard),
                "AGGREGATOR_INTERVAL": "500ms", "PATH": "/usr/bin:/bin",
            ])
    }

    private var dashboard: String { "http://127.0.0.1:\(dashboardPort)" }

    var logSize: Int {
        ["log.db", "log.db-wal"].reduce(0) { sum, name in
            sum + ((try? FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)"))?[.size] as? Int ?? 0)
        }
    }

    /// The lines of the table, once all is printed.
    func table(of running: ChildProcess) async throws -> [String] {
        _ = try await running.line(within: .seconds(120)) {
            $0 == "Open       \(dashboard)/"
        }
        #expect(
            running.lines.contains { $0 == "ask        curl '\(dashboard)/api/analytics/visitors?date=\(Self.today)'" })
        #expect(
            running.lines.contains { $0.hasPrefix("send       curl http://127.0.0.1:\(collectorPort)/v1/events") })
        #expect(try await get("\(dashboard)/").body.contains("<title>Tributary</title>"))
        return running.lines.filter { $0.starts(with: /20\d\d-\d\d-\d\d/) }.map { line in
            line.split(separator: " ").filter { !$0.hasPrefix("#") && $0.first?.isNumber == true }.joined(
                separator: " ")
        }
    }

    /// What the table must say: date, visitors, events; the last fourteen days, then all weeks.
    func lines(_ recount: Recount) -> [String] {
        func line(_ entry: (key: String, value: [Int64])) -> String {
            "\(entry.key) \(grouped(entry.value[1])) \(grouped(entry.value[0]))"
        }
        return recount.days.sorted { $0.key < $1.key }.suffix(14).map(line)
            + recount.weeks.sorted { $0.key < $1.key }.map(line)
    }

    private func grouped(_ number: Int64) -> String {
        number < 1000 ? String(number) : "\(number / 1000),\(String(String(1000 + number % 1000).dropFirst()))"
    }

    private static var today: String { String(Date().ISO8601Format().prefix(10)) }

    private struct Plan: Decodable {
        var seed: UInt64
        var users, events: Int
        var from, to: Int64
    }

    /// The history as `load` would make it, counted by a script.
    func recount() async throws -> Recount {
        let plan = try JSONDecoder().decode(
            Plan.self, from: Data(contentsOf: URL(filePath: "\(directory)/history.json")))
        let arguments = [
            "-c", #"exec "$0" load --dry-run --addresses "$@" >"$EVENTS""#, productPath("tributary"), "--seed",
            String(plan.seed),
            "--users", String(plan.users), "--events", String(plan.events), "--from", Timestamp.format(plan.from),
            "--to",
            Timestamp.format(plan.to),
        ]
        let events = "\(directory)/events"
        let process = try ChildProcess("/bin/sh", arguments, environment: ["EVENTS": events, "PATH": "/usr/bin:/bin"])
        #expect(try await process.wait(within: .seconds(60)) == .exited(0))
        return try await Recount.ofEvents(events)
    }

    /// Compares the API's answers with a recount.
    func expect(_ recount: Recount) async throws {
        let first = recount.days.keys.min() ?? "", last = recount.days.keys.max() ?? ""
        let answer = try await get("\(dashboard)/api/analytics/visitors?from=\(first)&to=\(last)&interval=day")
        let visitors = try JSONDecoder().decode(Visitors.self, from: Data(answer.body.utf8))
        #expect([visitors.events, visitors.visitors] == recount.total)
        for point in visitors.series ?? [] { #expect([point.events, point.visitors] == recount.days[point.start]) }
    }
}

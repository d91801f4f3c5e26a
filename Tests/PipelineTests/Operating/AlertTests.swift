import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// Alerts on the real thing: Prometheus scrapes a running `serve`.
    @Suite struct AlertTests {
        /// Two events with one id: the second is a conflict and dies in the worker.
        private static let poison = """
            [{"eventId":"1","userId":"ada","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z"},
            {"eventId":"1","userId":"ada","eventType":"sign_up","timestamp":"2025-05-01T12:00:01Z"}]
            """

        @Test(
            "a dead letter makes its alert fire, the runbook's commands repair it, and the alert ends",
            .enabled(if: prometheusProgram("prometheus") != nil, "Debian's package prometheus is not there"))
        func deadLetter() async throws {
            try await Serve.withServe { serve in
                try await PrometheusServer.withServer(scraping: [serve.collectorURL, serve.dashboard.url]) { server in
                    try await eventually(within: .seconds(60), "Prometheus knows that no letter is open") {
                        try await server.value("max(tributary_dead_letters_open)") == 0
                    }
                    #expect(try await server.firing() == [])
                    for expression in try Dashboard.expressions() {
                        #expect(try await server.accepts(expression), "\(expression)")
                    }

                    #expect(try await post("\(serve.collectorURL)/v1/events", Self.poison).status == 202)
                    try await eventually(within: .seconds(120), "the alert fires") {
                        try await server.firing().contains("TributaryDeadLettersOpen")
                    }
                    let alert = try #require(try Alert.all().first { $0.name == "TributaryDeadLettersOpen" })
                    let commands = try Page("docs/runbook.md").sections[alert.section] ?? []
                    #expect(commands.contains { $0.contains("replay") })
                    try await Page.carryOut(commands, on: serve)
                    try await eventually(within: .seconds(120), "the alert has ended") {
                        try await server.firing().isEmpty
                    }
                }
                // What was repaired counts now.
                try await serve.dashboard.waitUntilComplete()
                #expect(try await serve.dashboard.visitors("date=2025-05-01").events == 2)
            }
        }

        @Test("the commands of docs/runbook.md are commands")
        func runbook() async throws {
            try await Serve.withServe { serve in
                #expect(try await post("\(serve.collectorURL)/v1/events", Self.poison).status == 202)
                try await serve.dashboard.waitUntilComplete()
                try await eventually(within: .seconds(60), "the books are shown") {
                    try await serve.dashboard.exposition().types["tributary_worker_books_balanced"] != nil
                }
                let page = try Page("docs/runbook.md")
                #expect(page.commands.count >= 25)
                try await Page.carryOut(page.commands, on: serve)
            }
        }
    }
}

/// Debian's Prometheus with the rules of `deploy/prometheus`, scraping each second.
private struct PrometheusServer {
    private let url: String

    static func withServer(
        scraping targets: [String], _ body: (PrometheusServer) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            let hosts = targets.map { "'\($0.replacing("http://", with: ""))'" }.joined(separator: ", ")
            let configuration = """
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: ['\(repository(file: "deploy/prometheus/tributary.rules.yml").path)']
                scrape_configs: [{job_name: tributary, static_configs: [{targets: [\(hosts)]}]}]
                """
            let file = "\(directory.path)/prometheus.yml"
            try configuration.write(toFile: file, atomically: true, encoding: .utf8)
            let port = try freePort()
            let process = try startBothStreams(
                prometheusProgram("prometheus")!,
                [
                    "--config.file=\(file)", "--storage.tsdb.path=\(directory.path)/data",
                    "--web.listen-address=127.0.0.1:\(port)",
                ])
            defer { process.stop() }
            let server = PrometheusServer(url: "http://127.0.0.1:\(port)")
            try await eventually(within: .seconds(60), "Prometheus is ready") {
                try await get("\(server.url)/-/ready").status == 200
            }
            try await body(server)
        }
    }

    /// The names of the alerts that fire, in order.
    func firing() async throws -> [String] {
        struct Answer: Decodable {
            struct Alert: Decodable {
                var labels: [String: String]
                var state: String
            }
            struct Alerts: Decodable { var alerts: [Alert] }
            var data: Alerts
        }
        let answer = try JSONDecoder().decode(Answer.self, from: Data(try await get("\(url)/api/v1/alerts").body.utf8))
        return answer.data.alerts.filter { $0.state == "firing" }.compactMap { $0.labels["alertname"] }.sorted()
    }

    /// Whether an expression can be evaluated.
    func accepts(_ expression: String) async throws -> Bool { try await query(expression).status == 200 }

    /// The value of an expression that gives one; `nil` where it gives none.
    func value(_ expression: String) async throws -> Double? {
        try await query(expression).body.firstMatch(of: /"value":\[[0-9.]+,"([^"]+)"\]/).flatMap { Double($0.1) }
    }

    private func query(_ expression: String) async throws -> Answer {
        let query = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return try await get("\(url)/api/v1/query?query=\(query)")
    }
}

import Foundation
import TestSupport
import Testing

/// The alerts of `deploy/prometheus`, as far as no server is needed.
struct RulesTests {
    @Test("promtool finds the rules right, and their unit tests pass", .enabled(if: promtool != nil, "no promtool"))
    func unitTests() async throws {
        let rules = repository(file: "deploy/prometheus/tributary.rules.yml").path
        let checked = try await runToEnd(promtool!, ["check", "rules", "--lint-fatal", rules])
        #expect(checked.end == .exited(0), "\(checked.output)")
        let folder = repository(file: "deploy/prometheus/tests").path
        let tests = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yml") }
        #expect(tests.count >= 4)
        let tested = try await runToEnd(promtool!, ["test", "rules"] + tests.sorted().map { "\(folder)/\($0)" })
        #expect(tested.end == .exited(0), "\(tested.output)")
    }

    @Test("every alert has a unit test in which it fires, a severity and a section of the runbook")
    func completeness() throws {
        let alerts = try Alert.all()
        #expect(alerts.count >= 15)
        let runbook = try Page("docs/runbook.md")
        let folder = repository(file: "deploy/prometheus/tests")
        let tests = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        for alert in alerts {
            #expect(tests.contains("alertname: \(alert.name)\n        exp_alerts:"), "\(alert.name) fires in no test")
            #expect(["page", "ticket"].contains(alert.severity), "\(alert.name)")
            #expect(runbook.anchors.contains(alert.section), "\(alert.name): there is no #\(alert.section)")
            #expect(runbook.sections[alert.section]?.isEmpty == false, "#\(alert.section) has no command")
        }
        let used = Set(alerts.map(\.section))
        #expect(runbook.sections.keys.filter { !used.contains($0) }.sorted() == [], "sections that no alert links to")
    }

    @Test("rules use metrics that there are")
    func metrics() throws {
        let text = try String(contentsOf: repository(file: "deploy/prometheus/tributary.rules.yml"), encoding: .utf8)
        try expectKnownMetrics(in: text)
    }

    @Test("the dashboard uses metrics that there are, and is one that Grafana can read")
    func dashboard() throws {
        let panels = try Dashboard.panels()
        #expect(panels.count > 20)
        #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
        for expression in try Dashboard.expressions() { try expectKnownMetrics(in: expression, "the dashboard") }
    }
}

/// Every metric that a text names is documented, with each label that is asked for.
private func expectKnownMetrics(in text: String, _ place: String = "rules") throws {
    let metrics = try MetricsPage().metrics
    func metric(_ name: String) -> DocumentedMetric? {
        let family = name.replacing(/_(bucket|sum|count)$/, with: "")
        return metrics[name] ?? metrics[family].flatMap { $0.type == "histogram" ? $0 : nil }
    }
    var count = 0
    let expressions = text.split(separator: "\n").filter { !$0.contains("summary:") && !$0.hasPrefix("#") }
        .joined(separator: "\n")
    for match in expressions.matches(of: /((?:tributary|process)_[a-z_]+)(\{([^}]*)\})?/) {
        count += 1
        let name = String(match.1)
        guard let metric = metric(name) else {
            Issue.record("\(place): there is no metric \(name)")
            continue
        }
        for label in (match.3 ?? "").matches(of: /([a-z_]+) *(=|!=|=~|!~) *"([^"]*)"/) {
            let label = (name: String(label.1), value: String(label.3), operation: label.2)
            guard !["le", "job", "instance"].contains(label.name) else { continue }
            guard let allowed = metric.labels[label.name] else {
                Issue.record("\(place): \(name) has no label \(label.name)")
                continue
            }
            if let allowed, label.operation == "=", !label.value.hasPrefix("$") {
                #expect(allowed.contains(label.value), "\(place): \(name) has no \(label.name) \(label.value)")
            }
        }
    }
    #expect(count > 0 || text.contains("up"), "\(place): names no metric")
}

/// The dashboard of `deploy/grafana`.
enum Dashboard {
    static func panels() throws -> [[String: Any]] {
        let data = try Data(contentsOf: repository(file: "deploy/grafana/tributary.json"))
        let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try #require(dashboard["panels"] as? [[String: Any]])
    }

    /// Every panel's expressions, Grafana's variables replaced as it would.
    static func expressions() throws -> [String] {
        try panels().filter { $0["type"] as? String != "row" }.flatMap { panel in
            let targets = try #require(panel["targets"] as? [[String: Any]], "\(panel["title"] ?? "a panel")")
            return try targets.map {
                try #require($0["expr"] as? String).replacing("$job", with: ".+")
                    .replacing("$__rate_interval", with: "1m")
            }
        }
    }
}

/// An alert of the rules.
struct Alert {
    let name: String
    let severity: String
    /// The anchor in the runbook.
    let section: String

    static func all() throws -> [Alert] {
        let text = try String(contentsOf: repository(file: "deploy/prometheus/tributary.rules.yml"), encoding: .utf8)
        return try text.split(separator: "- alert: ").dropFirst().map { rule in
            let name = try #require(rule.firstMatch(of: /^([A-Za-z]+)/)?.1)
            let severity = try #require(rule.firstMatch(of: /severity: ([a-z]+)/)?.1, "\(name) has no severity")
            let section = try #require(
                rule.firstMatch(of: /runbook_url: docs\/runbook\.md#([a-z0-9-]+)/)?.1, "\(name) has no runbook")
            return Alert(name: String(name), severity: String(severity), section: String(section))
        }
    }
}

/// A program of Debian's package `prometheus`, installed or unpacked by `make setup`.
func prometheusProgram(_ name: String) -> String? {
    [repository(file: ".local/prometheus/usr/bin/\(name)").path, "/usr/bin/\(name)"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
}

let promtool = prometheusProgram("promtool")

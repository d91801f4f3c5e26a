import Foundation
import TestSupport
import Testing

extension PipelineTests {
    /// The analyst's page: its commands, as they stand there, on a few visits whose answers can be counted by hand.
    struct GuideTests {
        /// Ann comes in both weeks, on Firefox and Windows; Bob too is on them, Cleo is not.
        private static let visits: [(agent: String, events: String)] = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
                """
                [{"eventId":"1","userId":"ann","eventType":"page_view","timestamp":"2015-05-11T12:00:00Z"},
                {"eventId":"2","userId":"ann","eventType":"page_view","timestamp":"2015-05-18T12:00:00Z",
                  "metadata":{"url":"https://shop.example/hats"}},
                {"eventId":"3","userId":"bob","eventType":"page_view","timestamp":"2015-05-18T13:00:00Z",
                  "metadata":{"url":"https://shop.example/"}},
                {"eventId":"4","userId":"bob","eventType":"purchase","timestamp":"2015-05-18T13:05:00Z"}]
                """
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_4) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
                    + "Safari/605.1.15",
                """
                [{"eventId":"5","userId":"cleo","eventType":"page_view","timestamp":"2015-05-18T14:00:00Z",
                  "metadata":{"url":"https://shop.example/shoes"}},
                {"eventId":"6","userId":"cleo","eventType":"page_view","timestamp":"2015-05-19T14:00:00Z",
                  "metadata":{"url":"https://shop.example/"}}]
                """
            ),
        ]

        /// What jq finds in each answer, in the page's order.
        private static let answers: [(filter: String, result: String)] = [
            ("[.visitors, .events]", "[3,4]"),
            ("[.visitors, (.series | map(.visitors))]", "[3,[0,3,1,0]]"),
            (
                "[(.series | map([.start, .visitors])), .comparison.visitors]",
                #"[[["2015-05-11",1],["2015-05-18",3]],0]"#
            ),
            (
                "[.series[] | select(.events > 0) | .start]",
                #"["2015-05-18T17:00:00+05:45","2015-05-18T18:00:00+05:45","2015-05-18T19:00:00+05:45"]"#
            ),
            (".", #"{"visitors":3,"new":2,"returning":1}"#),
            ("[.rows[] | [.value, .visitors]]", #"[["/",2],["/hats",1],["/shoes",1]]"#),
            ("[.visitors, .events, .filterScope]", #"[2,null,"visitor-day"]"#),
            ("[.rows[] | [.value, .visitors]]", #"[["/",1],["/hats",1]]"#),
            ("[.events, (.types | map([.type, .events])), .others.events]", #"[5,[["page_view",4],["purchase",1]],0]"#),
        ]

        @Test("the questions of docs/api.md are answered")
        func page() async throws {
            try await Serve.withServe { serve in
                for (agent, events) in Self.visits {
                    let sent = try await post("\(serve.collectorURL)/v1/events", events, headers: ["user-agent": agent])
                    #expect(sent.status == 202, "\(sent.body)")
                }
                try await serve.dashboard.waitUntilComplete()
                let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
                let text = try String(contentsOf: root.appending(path: "docs/api.md"), encoding: .utf8)
                let commands = text.split(separator: "\n").filter { $0.hasPrefix("$ curl ") }.map {
                    $0.dropFirst(2).replacing("localhost:8090", with: serve.dashboard.url.dropFirst("http://".count))
                }
                #expect(commands.count == 10)
                for (command, answer) in zip(commands, Self.answers) {
                    let result = try await shell("\(command) | jq -c '\(answer.filter)'")
                    #expect(result == answer.result, "\(command)")
                }
                let retention = try await shell(String(commands.last ?? ""))
                #expect(
                    retention.split(whereSeparator: \.isNewline) == [
                        "cohort,week,visitors", "2015-05-11,2015-05-11,1", "2015-05-11,2015-05-18,1",
                        "2015-05-18,2015-05-18,2",
                    ])
            }
        }

        private func shell(_ command: String) async throws -> String {
            let result = try await runToEnd("/bin/sh", ["-c", command], environment: ["PATH": "/usr/bin:/bin"])
            #expect(result.end == .exited(0), "\(command): \(result.output)")
            return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
}

import Foundation
import Testing

/// `docs/metrics.md` and the code name the same metrics.
struct MetricsPageTests {
    @Test("every metric that the code names is documented, and no other")
    func names() throws {
        let page = try MetricsPage()
        let documented = Set(page.metrics.keys)
        let inCode = try Self.namesInCode()
        #expect(inCode.count > 60)
        #expect(inCode.subtracting(documented).sorted() == [], "missing in docs/metrics.md")
        #expect(documented.subtracting(inCode).sorted() == [], "in docs/metrics.md only")
    }

    @Test("the page is read as it is meant")
    func page() throws {
        let page = try MetricsPage(
            text: """
                | metric | type | labels | unit | meaning |
                |---|---|---|---|---|
                | `a_total` | counter | `code`: `x` or a [list](#a-list); `partition`: its number | | |
                | `b` | gauge | | s | |
                ### A list
                `y` `z`
                """)
        let labels = try #require(page.metrics["a_total"]?.labels)
        #expect(labels.keys.sorted() == ["code", "partition"])
        #expect(labels["code"] == .some(["x", "y", "z"]))
        #expect(labels["partition"] == .some(nil))
        #expect(page.metrics["b"]?.type == "gauge")
        #expect(page.metrics["b"]?.labels.isEmpty == true)
    }

    /// Texts of the sources that are a metric's name.
    static func namesInCode() throws -> Set<String> {
        var names: Set<String> = []
        for file in try sourceFiles() {
            let text = try String(contentsOf: file, encoding: .utf8)
            let found = text.matches(of: /"((?:tributary_[a-z_]+|process_[a-z_]+_(?:total|bytes|fds|seconds)))"/)
            names.formUnion(found.map { String($0.1) })
        }
        // The name of a cookie.
        return names.subtracting(["tributary_session"])
    }
}

extension PipelineTests {
    /// What running processes show is what `docs/metrics.md` says.
    @Suite struct MetricsScrapeTests {
        /// One good, one twice, one with the same id and other content, and what is refused.
        private static let bodies = [
            #"{"eventId":"1","userId":"ada","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z"}"#,
            #"{"eventId":"1","userId":"ada","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z"}"#,
            #"{"eventId":"1","userId":"ada","eventType":"sign_up","timestamp":"2025-05-01T12:00:00Z"}"#,
            #"{"eventId":"2","userId":"null","eventType":"page_view"}"#,
            "not JSON",
        ]

        @Test("servers: all metrics of the four roles")
        func servers() async throws {
            try await Pipeline.withPipeline { pipeline in
                let roles = try await Roles.start(pipeline, workers: 1)
                let all = [roles.collector, roles.workers[0], roles.aggregator, roles.dashboard]
                try await Self.sendAll(to: roles.collector.url, dashboard: roles.dashboard)
                try await Self.check(all, expecting: Self.common.union(Self.distributed))
            }
        }

        @Test("serve on a directory: all metrics, at both ports")
        func embedded() async throws {
            try await Serve.withServe { serve in
                try await Self.sendAll(to: serve.collectorURL, dashboard: serve.dashboard)
                let collector = try #require(URL(string: serve.collectorURL)?.port)
                let ports = [Pipeline.Role(process: serve.process, port: collector), serve.dashboard]
                try await Self.check(ports, expecting: Self.common.union(Self.embedded))
                let figures = try await serve.dashboard.exposition()
                #expect(figures.sum("tributary_ready", ["role": "serve"]) == 1)
                #expect(figures.sum("tributary_worker_events_dead_total", ["reason": "conflict"]) == 1)
                #expect(figures.sum("tributary_worker_events_dead_total") == 1)
                #expect(figures.sum("tributary_collector_events_accepted_total") == 3)
                #expect(figures.sum("tributary_collector_events_rejected_total", ["code": "junk_user_id"]) == 1)
                #expect(figures.sum("tributary_collector_publish_seconds_count") == 3)
                #expect(figures.sum("tributary_collector_requests_in_flight") == 0)
                #expect(figures.sum("tributary_collector_buffered_bytes") == 0)
                try await eventually(within: .seconds(60), "the open letter is shown") {
                    try await serve.dashboard.exposition().sum("tributary_dead_letters_open") == 1
                }
            }
        }

        /// What must be there once all has been asked for; the rest needs trouble first.
        private static let common: Set<String> = [
            "tributary_ready", "tributary_health_check", "tributary_http_requests_total",
            "tributary_http_request_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes",
            "process_open_fds", "process_start_time_seconds", "tributary_collector_publish_seconds",
            "tributary_worker_events_stored_total", "tributary_worker_events_dead_total",
            "tributary_worker_batch_seconds", "tributary_dead_letters_open", "tributary_aggregator_passes_total",
            "tributary_aggregator_complete_through_timestamp_seconds",
            "tributary_aggregator_last_pass_timestamp_seconds",
        ]
        private static let distributed: Set<String> = [
            "tributary_kafka_produce_seconds", "tributary_kafka_consumed_records_total",
            "tributary_mongodb_operation_duration_seconds", "tributary_postgresql_transaction_duration_seconds",
        ]
        private static let embedded: Set<String> = [
            "tributary_embedded_commit_seconds", "tributary_embedded_queue_records",
        ]

        private static func sendAll(to collector: String, dashboard: Pipeline.Role) async throws {
            for body in bodies { _ = try await post("\(collector)/v1/events", body) }
            _ = try await get("\(collector)/nowhere")
            try await dashboard.waitUntilComplete()
            _ = try await get("\(dashboard.url)/api/analytics/visitors?date=nonsense")
        }

        /// Each name, type, label and value is as documented.
        private static func check(_ roles: [Pipeline.Role], expecting expected: Set<String>) async throws {
            let page = try MetricsPage()
            var seen: Set<String> = []
            for role in roles {
                let exposition = try await role.exposition()
                for (name, type) in exposition.types {
                    #expect(page.metrics[name]?.type == type, "\(name) is a \(type)")
                    seen.insert(name)
                }
                for sample in exposition.samples {
                    guard let metric = page.metrics[exposition.family(of: sample)] else { continue }
                    let labels = sample.labels.filter { $0.key != "le" }
                    #expect(Set(labels.keys) == Set(metric.labels.keys), "the labels of \(sample.name)")
                    for (label, value) in labels {
                        guard case .some(.some(let allowed)) = metric.labels[label] else { continue }
                        #expect(allowed.contains(value), "\(sample.name): \(label)=\"\(value)\"")
                    }
                }
            }
            #expect(expected.subtracting(seen).sorted() == [], "not shown")
        }
    }
}

import CoreMetrics
import Foundation
import Testing

@testable import Operations

@Suite struct PrometheusTests {
    /// The samples of one metric, without those of the process.
    private func lines(_ registry: PrometheusRegistry, of name: String) -> [String] {
        registry.exposition().split(separator: "\n").map(String.init).filter { $0.contains(name) }
    }

    @Test func everyKindIsExposed() {
        let registry = PrometheusRegistry(help: ["a_total": "All a\\b\nsecond line."])
        Counter(label: "a_total", dimensions: [("role", "worker")], factory: registry).increment(by: 3)
        FloatingPointCounter(label: "f_total", factory: registry).increment(by: 1.25)
        Gauge(label: "g", factory: registry).record(-2)
        let meter = Meter(label: "m", factory: registry)
        meter.set(4)
        meter.decrement(by: 0.5)
        #expect(
            lines(registry, of: "a_total") == [
                #"# HELP a_total All a\\b\nsecond line."#, "# TYPE a_total counter", #"a_total{role="worker"} 3"#,
            ])
        #expect(lines(registry, of: "f_total").last == "f_total 1.25")
        #expect(lines(registry, of: "TYPE g ") == ["# TYPE g gauge"])
        #expect(registry.exposition().contains("\ng -2\n") && registry.exposition().contains("\nm 3.5\n"))
    }

    @Test func aTimerIsAHistogramInSeconds() {
        let registry = PrometheusRegistry()
        let timer = Timer(label: "t_seconds", dimensions: [("route", "/x")], factory: registry)
        timer.recordMilliseconds(1)  // on a bound: inclusive
        timer.recordMilliseconds(3)
        timer.recordSeconds(100)
        let lines = lines(registry, of: "t_seconds")
        #expect(lines.contains("# TYPE t_seconds histogram"))
        #expect(lines.contains(#"t_seconds_bucket{route="/x",le="0.0005"} 0"#))
        #expect(lines.contains(#"t_seconds_bucket{route="/x",le="0.001"} 1"#))
        #expect(lines.contains(#"t_seconds_bucket{route="/x",le="0.005"} 2"#))
        #expect(lines.contains(#"t_seconds_bucket{route="/x",le="60"} 2"#))
        #expect(lines.contains(#"t_seconds_bucket{route="/x",le="+Inf"} 3"#))
        #expect(lines.contains(#"t_seconds_count{route="/x"} 3"#))
        #expect(lines.contains(#"t_seconds_sum{route="/x"} 100.004"#))
    }

    @Test func anAggregatingRecorderIsAHistogramOfSizes() {
        let registry = PrometheusRegistry()
        let recorder = Recorder(label: "batch", factory: registry)
        for size in [1, 20, 21, 5_000_000] { recorder.record(size) }
        let lines = lines(registry, of: "batch")
        #expect(lines.contains(#"batch_bucket{le="1"} 1"#) && lines.contains(#"batch_bucket{le="20"} 2"#))
        #expect(lines.contains(#"batch_bucket{le="1000000"} 3"#) && lines.contains(#"batch_bucket{le="+Inf"} 4"#))
        #expect(lines.contains("batch_sum 5000042"))
    }

    @Test func namesAreSanitisedAndValuesEscaped() {
        let registry = PrometheusRegistry()
        let labels = [("2 bad-näme", "a\"b\\c\nd"), ("le", "x"), ("a.b", "1"), ("a-b", "2")]
        Counter(label: "9my.metric-näme", dimensions: labels, factory: registry).increment()
        #expect(
            lines(registry, of: "_9my_metric_n_me{") == [
                #"_9my_metric_n_me{_2_bad_n_me="a\"b\\c\nd",a_b="1",a_b_="2",le_="x"} 1"#
            ])
    }

    @Test func theOrderOfLabelsDoesNotMatter() {
        let registry = PrometheusRegistry()
        Counter(label: "c", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "c", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(lines(registry, of: "c{") == [#"c{a="1",b="2"} 2"#])
    }

    @Test func labelSetsAreBounded() {
        let registry = PrometheusRegistry(maximumLabelSets: 3)
        for index in 0..<10 {
            Counter(label: "c", dimensions: [("i", "\(index)")], factory: registry).increment()
        }
        #expect(lines(registry, of: "c{i=").count == 3)
        #expect(lines(registry, of: MetricNames.dropped).last == #"tributary_metrics_dropped_total{metric="c"} 7"#)
    }

    @Test func aNameIsOfOneKind() {
        let registry = PrometheusRegistry()
        Counter(label: "c", factory: registry).increment()
        Gauge(label: "c", factory: registry).record(5)
        FloatingPointCounter(label: "c", factory: registry).increment()
        #expect(registry.exposition().contains("\nc 1\n"))
        #expect(lines(registry, of: MetricNames.dropped).last == #"tributary_metrics_dropped_total{metric="c"} 2"#)
    }

    @Test func countersDoNotFall() {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "c", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -3)
        let fractions = FloatingPointCounter(label: "f", factory: registry)
        for amount in [1.5, -1, .nan, .infinity] { fractions.increment(by: amount) }
        #expect(registry.exposition().contains("\nc 5\n") && registry.exposition().contains("\nf 1.5\n"))
    }

    @Test func aDestroyedMetricIsGone() {
        let registry = PrometheusRegistry()
        let gauge = Gauge(label: "g", dimensions: [("p", "1")], factory: registry)
        Gauge(label: "g", dimensions: [("p", "2")], factory: registry).record(1)
        gauge.destroy()
        #expect(lines(registry, of: "g{p=") == [#"g{p="2"} 1"#])
    }

    @Test func nothingIsLostBetweenThreads() async {
        let registry = PrometheusRegistry()
        await withDiscardingTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for step in 0..<2_000 {
                        Counter(label: "c", dimensions: [("s", "\(step % 7)")], factory: registry).increment()
                        FloatingPointCounter(label: "f", factory: registry).increment(by: 0.5)
                        Meter(label: "m", factory: registry).increment(by: task % 2 == 0 ? 1.0 : -1.0)
                        Timer(label: "t", factory: registry).recordSeconds(1)
                        if step % 500 == 0 { _ = registry.exposition() }
                    }
                }
            }
        }
        let total = lines(registry, of: "c{s=").compactMap { Int($0.split(separator: " ")[1]) }.reduce(0, +)
        let text = registry.exposition()
        #expect(total == 16_000)
        #expect(text.contains("\nf 8000\n") && text.contains("\nm 0\n"))
        #expect(text.contains("\nt_count 16000\n") && text.contains("\nt_sum 16000\n"))
    }

    @Test func figuresOfTheProcessArePlausible() throws {
        let text = PrometheusRegistry().exposition()
        func figure(_ name: String) throws -> Double {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name + " ") })
            return try #require(Double(line.split(separator: " ")[1]))
        }
        #expect(try figure("process_cpu_seconds_total") > 0)
        #expect(try (1_000_000...50_000_000_000).contains(figure("process_resident_memory_bytes")))
        #expect(try (3...100_000).contains(figure("process_open_fds")))
        let age = try Date.now.timeIntervalSince1970 - figure("process_start_time_seconds")
        #expect((-2...3_600).contains(age))
        #expect(text.hasSuffix("\n"))
    }
}

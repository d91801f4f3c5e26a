public import CoreMetrics
import Synchronization

/// All metrics of the process, for swift-metrics to write and for Prometheus to read.
///
/// A name is of one kind; label sets of one name are bounded. What does not fit goes to a handler that nobody reads,
/// and is counted in `tributary_metrics_dropped_total`. Writing to a handler takes no lock; making one does: keep
/// handlers. Counters and gauges stay as they are named, timers become histograms in seconds, aggregating recorders
/// histograms.
public final class PrometheusRegistry: MetricsFactory {
    private let help: [String: String]
    private let maximumLabelSets: Int
    private let families = Mutex<[String: MetricFamily]>([:])

    /// Makes an empty registry.
    /// - Parameters:
    ///   - help: what a metric means, by its name; those of `MetricNames` are included.
    ///   - maximumLabelSets: the number of label sets that one name may have.
    public init(help: [String: String] = [:], maximumLabelSets: Int = 1_000) {
        self.help = help.merging(MetricNames.help) { given, _ in given }
        self.maximumLabelSets = maximumLabelSets
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, kind: "counter") { CounterSeries() }
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, kind: "counter") { FloatingPointCounterSeries() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, kind: "gauge") { GaugeSeries() }
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return series(label, dimensions, kind: "gauge") { GaugeSeries() } }
        return series(label, dimensions, kind: "histogram") { HistogramSeries(bounds: HistogramSeries.sizes) }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, kind: "histogram") { HistogramSeries(bounds: HistogramSeries.seconds) }
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// Everything, in the text format 0.0.4, ordered by name and labels, with the figures of the process.
    public func exposition() -> String {
        let families = families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            text.append(header: name, kind: family.kind, help: help[name] ?? name)
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(name: name, labels: labels, to: &text)
            }
        }
        ProcessFigures.write(to: &text)
        return text
    }

    /// The handler of this name and label set, made if it is the first time; one that nobody reads where it may not
    /// be kept.
    private func series<Series: MetricSeries>(
        _ label: String, _ dimensions: [(String, String)], kind: String, make: () -> Series
    ) -> Series {
        let name = sanitisedMetricName(label)
        let labels = labelText(dimensions)
        let kept = families.withLock {
            $0[name, default: MetricFamily(kind: kind)].series(
                labels, kind: kind, limit: name == MetricNames.dropped ? .max : maximumLabelSets, make: make)
        }
        if let kept { return kept }
        // One label set a metric's name, and names are constants: this cannot run away itself.
        makeCounter(label: MetricNames.dropped, dimensions: [("metric", name)]).increment(by: 1)
        return make()
    }

    private func remove(_ handler: AnyObject) {
        families.withLock { families in
            for (name, family) in families {
                guard let labels = family.series.first(where: { $0.value === handler })?.key else { continue }
                families[name]?.series[labels] = nil
            }
        }
    }
}

/// All label sets of one name.
private struct MetricFamily {
    let kind: String
    var series: [String: any MetricSeries] = [:]

    /// The series of these labels; `nil` where the name is of another kind or has too many label sets.
    mutating func series<Series: MetricSeries>(
        _ labels: String, kind: String, limit: Int, make: () -> Series
    ) -> Series? {
        guard kind == self.kind else { return nil }
        if let known = series[labels] { return known as? Series }
        guard series.count < limit else { return nil }
        let new = make()
        series[labels] = new
        return new
    }
}

import CoreMetrics
import Synchronization

/// Counts of values by size, with fixed bounds in steps of about 2.2.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
    private let bounds: [Double]
    private let counts = InlineArray<20, Atomic<Int>> { _ in Atomic(0) }
    private let sum = AtomicDouble()

    /// Bounds for times in seconds: 100 µs to 60 s.
    static let seconds: [Double] = [
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60,
    ]
    /// Bounds for sizes and numbers: 1 to 1,000,000.
    static let sizes: [Double] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
        1_000_000,
    ]

    /// Takes at most 19 ascending bounds; what is larger than the last counts as `+Inf`.
    init(bounds: [Double]) {
        precondition(bounds.count < 20)
        self.bounds = bounds
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        var bucket = 0
        while bucket < bounds.count && value > bounds[bucket] { bucket += 1 }
        counts[bucket].wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func write(name: String, labels: String, to text: inout String) {
        let separator = labels.isEmpty ? "" : ","
        var total = 0
        for bucket in 0...bounds.count {
            total += counts[bucket].load(ordering: .relaxed)
            let bound = bucket < bounds.count ? exposed(bounds[bucket]) : "+Inf"
            text.append(sample: name + "_bucket", "\(labels)\(separator)le=\"\(bound)\"", String(total))
        }
        text.append(sample: name + "_sum", labels, exposed(sum.value))
        text.append(sample: name + "_count", labels, String(total))
    }
}

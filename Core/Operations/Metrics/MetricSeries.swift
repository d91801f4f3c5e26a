import CoreMetrics
import Synchronization

/// One label set of a metric: the handler that swift-metrics writes to, and what the exposition reads.
///
/// Writing is atomic additions only, without lock or allocation.
protocol MetricSeries: AnyObject, Sendable {
    /// Appends its samples; `labels` is the inside of the braces, already escaped, or empty.
    func write(name: String, labels: String, to text: inout String)
}

/// A whole number that only grows.
final class CounterSeries: MetricSeries, CounterHandler {
    private let count = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        // A counter that falls looks like a restart to Prometheus; one that overflows would trap.
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() { count.store(0, ordering: .relaxed) }

    func write(name: String, labels: String, to text: inout String) {
        text.append(sample: name, labels, String(count.load(ordering: .relaxed)))
    }
}

/// A number with a fraction that only grows.
final class FloatingPointCounterSeries: MetricSeries, FloatingPointCounterHandler {
    private let count = AtomicDouble()

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        count.add(amount)
    }

    func reset() { count.store(0) }

    func write(name: String, labels: String, to text: inout String) {
        text.append(sample: name, labels, exposed(count.value))
    }
}

/// A number that rises and falls.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
    private let current = AtomicDouble()

    func set(_ value: Int64) { current.store(Double(value)) }
    func set(_ value: Double) { current.store(value) }
    func increment(by amount: Double) { current.add(amount) }
    func decrement(by amount: Double) { current.add(-amount) }
    func record(_ value: Int64) { current.store(Double(value)) }
    func record(_ value: Double) { current.store(value) }

    func write(name: String, labels: String, to text: inout String) {
        text.append(sample: name, labels, exposed(current.value))
    }
}

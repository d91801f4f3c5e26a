import Metrics
import Stores

/// The gauges of the partitions that this worker has. Those of partitions that it gave back go: their last value would
/// be told for ever.
struct LagTelemetry {
    private var gauges: [Int32: PartitionGauges] = [:]

    /// Keeps the gauges of these partitions only.
    mutating func keep(_ partitions: Set<Int32>) {
        for (partition, gauges) in gauges where !partitions.contains(partition) {
            gauges.destroy()
            self.gauges[partition] = nil
        }
    }

    mutating func set(_ lag: PartitionLag, _ progress: IngestProgress) {
        let gauges = self.gauges[lag.partition] ?? PartitionGauges(lag.partition)
        self.gauges[lag.partition] = gauges
        gauges.set(lag, progress)
    }
}

private struct PartitionGauges {
    private let records: Gauge
    private let age: Gauge
    private let timeToLoss: Gauge
    private let lost: Gauge
    private let balanced: Gauge

    init(_ partition: Int32) {
        let labels = [("partition", String(partition))]
        records = Gauge(label: WorkerMetrics.lagLabel, dimensions: labels)
        age = Gauge(label: WorkerMetrics.lagSecondsLabel, dimensions: labels)
        timeToLoss = Gauge(label: WorkerMetrics.timeToLossLabel, dimensions: labels)
        lost = Gauge(label: WorkerMetrics.lostLabel, dimensions: labels)
        balanced = Gauge(label: WorkerMetrics.balancedLabel, dimensions: labels)
        timeToLoss.record(Double.infinity)
    }

    func set(_ lag: PartitionLag, _ progress: IngestProgress) {
        records.record(lag.records)
        lost.record(progress.lost)
        balanced.record(progress.isBalanced ? 1 : 0)
        // What could not be found out stays as it was.
        guard let seconds = lag.age else { return }
        age.record(Double(seconds) / 1_000)
        timeToLoss.record(lag.timeToLoss.map { Double($0) / 1_000 } ?? .infinity)
    }

    func destroy() { for gauge in [records, age, timeToLoss, lost, balanced] { gauge.destroy() } }
}

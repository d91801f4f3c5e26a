import Metrics

/// The telemetry of this room: every name once.
enum EmbeddedMetrics {
    /// Gauge: records that wait for a commit, by `file` (`log`, `raw`).
    static let queueRecords = "tributary_embedded_queue_records"
    /// Gauge: bytes that wait for a commit, by `file`.
    static let queueBytes = "tributary_embedded_queue_bytes"
    /// Timer: a writer's transactions, fdatasync included, by `file`.
    static let commitSeconds = "tributary_embedded_commit_seconds"
}

/// The handles of one file's writer.
final class WriterMetrics: Sendable {
    private let records: Gauge
    private let bytes: Gauge
    private let commit: Timer

    init(file: String) {
        let labels = [("file", file)]
        records = Gauge(label: EmbeddedMetrics.queueRecords, dimensions: labels)
        bytes = Gauge(label: EmbeddedMetrics.queueBytes, dimensions: labels)
        commit = Timer(label: EmbeddedMetrics.commitSeconds, dimensions: labels)
    }

    func waiting(_ size: WorkSize) {
        records.record(size.records)
        bytes.record(size.bytes)
    }

    func committed(in duration: Duration) {
        let (seconds, attoseconds) = duration.components
        commit.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

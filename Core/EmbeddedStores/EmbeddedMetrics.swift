import Metrics

/// The telemetry of this room: every name once.
enum EmbeddedMetrics {
    /// Gauge: records that wait for a commit, by `file` (`log`, `raw`).
    static let queueRecords = "tributary_embedded_queue_records"
    /// Gauge: bytes that wait for a commit, by `file`.
    static let queueBytes = "tributary_embedded_queue_bytes"
    /// Timer: a writer's transactions, fdatasync included, by `file`.
    static let commitSeconds = "tributary_embedded_commit_seconds"
    /// Gauge: bytes in the WAL, not copied into the file yet or still to be overwritten, by `file`.
    static let walBytes = "tributary_embedded_wal_bytes"
    /// Counter: what has expired and was dropped, by `what` (`records`, `events`, `ids`).
    static let expired = "tributary_embedded_expired_total"

    /// Counter: live summaries that a follower was too slow for.
    static let liveMissed = "tributary_embedded_live_missed_total"

    /// A page in the WAL with its header, in bytes.
    static let walPageSize = 4096 + 24
}

/// The handles of one file's writer.
final class WriterMetrics: Sendable {
    private let records: Gauge
    private let bytes: Gauge
    private let commit: Timer
    private let wal: Gauge

    init(file: String) {
        let labels = [("file", file)]
        records = Gauge(label: EmbeddedMetrics.queueRecords, dimensions: labels)
        bytes = Gauge(label: EmbeddedMetrics.queueBytes, dimensions: labels)
        commit = Timer(label: EmbeddedMetrics.commitSeconds, dimensions: labels)
        wal = Gauge(label: EmbeddedMetrics.walBytes, dimensions: labels)
    }

    func waiting(_ size: WorkSize) {
        records.record(size.records)
        bytes.record(size.bytes)
    }

    func wal(pages: Int) { wal.record(pages * EmbeddedMetrics.walPageSize) }

    func committed(in duration: Duration) {
        let (seconds, attoseconds) = duration.components
        commit.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

import Foundation
import Histogram
import Traffic

/// What a load came to.
struct LoadReport: Encodable {
    /// Milliseconds from a request's beginning to its answer.
    struct Latency: Encodable {
        var p50 = 0.0
        var p90 = 0.0
        var p99 = 0.0
        var p999 = 0.0
        var max = 0.0
        /// `intended`: from when the request was to be sent; `sent`: from when it was.
        var from = "sent"
    }

    /// Events sent and answered, however often.
    private(set) var sent: Int64 = 0
    /// Events sent for the first time.
    private(set) var new: Int64 = 0
    /// Of the new ones: long after they happened.
    private(set) var late: Int64 = 0
    /// Events sent once more, whole requests included.
    private(set) var duplicates: Int64 = 0
    private(set) var accepted: Int64 = 0
    private(set) var rejected: Int64 = 0
    private(set) var requests: Int64 = 0
    /// Times that a request was repeated because the collector did not take it.
    private(set) var retried: Int64 = 0
    private(set) var seconds = 0.0
    private(set) var eventsPerSecond = 0.0
    private(set) var latencyMilliseconds = Latency()
    /// In microseconds, three digits exact.
    private var latencies = Histogram<UInt64>(numberOfSignificantValueDigits: .three)

    private enum CodingKeys: String, CodingKey {
        case sent, new, late, duplicates, accepted, rejected, requests, retried, seconds, eventsPerSecond
        case latencyMilliseconds
    }

    /// Adds a request that was answered.
    mutating func add(_ batch: TrafficFeed.Batch, _ answer: EventPoster.Answer, retries: Int, latency: Duration) {
        let count = Int64(batch.events.count)
        let again = batch.isResent ? count : Int64(batch.events.count { $0.delivery == .duplicate })
        sent += count
        new += count - again
        duplicates += again
        if !batch.isResent { late += Int64(batch.events.count { $0.delivery == .late }) }
        accepted += Int64(answer.accepted)
        rejected += Int64(answer.rejected)
        requests += 1
        retried += Int64(retries)
        latencies.record(UInt64(max(0, latency / .microseconds(1))))
    }

    /// Sums up.
    mutating func finish(after time: Duration, isPaced: Bool) {
        seconds = (time / .milliseconds(1)).rounded() / 1000
        eventsPerSecond = (Double(sent) / max(seconds, 0.001)).rounded()
        func at(_ percentile: Double) -> Double { Double(latencies.valueAtPercentile(percentile)) / 1000 }
        latencyMilliseconds = Latency(
            p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: at(100), from: isPaced ? "intended" : "sent")
    }

    /// One JSON object on one line.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// For people.
    var text: String {
        let latency = latencyMilliseconds
        let times = [
            ("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99), ("p99.9", latency.p999),
            ("max", latency.max),
        ].map { "\($0) \(String(format: "%.1f", $1))" }.joined(separator: "  ")
        let origin = latency.from == "intended" ? "from when each was to be sent" : "from its sending"
        return """
            events    \(grouped(new)) new, \(grouped(late)) of them late; \(grouped(duplicates)) sent once more
            answers   \(grouped(accepted)) accepted, \(grouped(rejected)) rejected
            requests  \(grouped(requests)), \(grouped(retried)) retries
            speed     \(grouped(Int64(eventsPerSecond))) events/s in \(String(format: "%.1f", seconds)) s
            latency   \(times)  ms of a request, \(origin)
            """
    }
}

/// A number with commas between thousands.
func grouped(_ number: Int64) -> String {
    var text = ""
    for (index, digit) in String(abs(number)).reversed().enumerated() {
        if index > 0, index % 3 == 0 { text.append(",") }
        text.append(digit)
    }
    return (number < 0 ? "-" : "") + String(text.reversed())
}

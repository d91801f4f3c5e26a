import Metrics
import Stores

/// What a pass of retention has dropped.
public struct Expired: Sendable, Equatable {
    /// Records of the log.
    public var records = 0
    /// Raw events.
    public var events = 0
    /// Ids in the index of those seen.
    public var ids = 0

    /// Whether nothing had expired.
    public var isEmpty: Bool { self == Expired() }
}

extension DataDirectory {
    /// Rows dropped in a transaction: a few milliseconds of the writer, between those of others.
    private static let sliceSize = 2_000

    /// Drops what has expired: records of the log by their topic's retention, raw events and their ids by the time that
    /// they were stored. Space is used again by what comes; the files do not shrink.
    ///
    /// Age alone drops nothing: a record stays until the worker's progress has passed it, a raw event until the rollups'
    /// cursor has. The last record before the progress stays too, by which a log is recognised.
    /// - Parameters:
    ///   - now: milliseconds since 1970.
    ///   - rawRetention: how long raw events are kept, in milliseconds.
    public func expire(at now: Int64, rawRetention: Int64) async throws -> Expired {
        var expired = Expired()
        for topic in [Topic.userEvents, .deadLetters, .live] {
            expired.records += try await expireLog(topic, now)
        }
        (expired.events, expired.ids) = try await expireRawEvents(before: now - rawRetention)
        count(expired)
        return expired
    }

    private func expireLog(_ topic: Topic, _ now: Int64) async throws -> Int {
        guard let retention = try? log.retention(of: topic) else { return 0 }
        let bounds = try await bounds(of: topic)
        var (sum, last) = (0, 0)
        repeat {
            last = try await log.expire(topic, before: now - retention, below: bounds, atMost: Self.sliceSize)
            sum += last
        } while last == Self.sliceSize
        return sum
    }

    /// By partition, the offset from which records are still needed.
    private func bounds(of topic: Topic) async throws -> [Int32: Int64] {
        let partitions = Array(0..<Int32(try await log.partitionCount(of: topic)))
        guard topic == .userEvents else {
            return try await log.watermarks(of: topic, partitions: partitions).mapValues(\.high)
        }
        return try await raw.latestProgress(of: partitions).mapValues { $0.next - 1 }
    }

    private func expireRawEvents(before cutoff: Int64) async throws -> (events: Int, ids: Int) {
        let cursors = try await rollups.withReader { try await $0.cursors() }
        let bounds = Dictionary(uniqueKeysWithValues: cursors.map { ($0.partition, $0.nextOffset) })
        var (sum, last) = ((events: 0, ids: 0), (events: 0, ids: 0))
        repeat {
            last = try await raw.expire(before: cutoff, below: bounds, atMost: Self.sliceSize)
            sum = (sum.events + last.events, sum.ids + last.ids)
        } while last.events + last.ids > 0
        return sum
    }

    private func count(_ expired: Expired) {
        for (what, count) in [("records", expired.records), ("events", expired.events), ("ids", expired.ids)] {
            Counter(label: EmbeddedMetrics.expired, dimensions: [("what", what)]).increment(by: count)
        }
    }
}

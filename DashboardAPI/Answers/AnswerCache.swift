import Metrics
import Synchronization

/// Answers of one revision of the rollups, by question: numbers change with the revision only.
///
/// Bounded by bytes; what has not been used for longest goes first.
final class AnswerCache: Sendable {
    /// What answers are told apart by.
    struct Key: Hashable, Sendable {
        var route: String
        /// What was understood.
        var query: String
        var format: AnswerFormat
        /// What the caller may see.
        var scope: String
    }

    private struct Entry: Sendable {
        var body: [UInt8]
        var used: Int
        /// Beside the body: the key's texts and the table's share, about.
        var cost: Int
    }

    private struct Memory: Sendable {
        var revision: Int64?
        var entries: [Key: Entry] = [:]
        var cost = 0
        var clock = 0
    }

    private let limit: Int
    private let memory = Mutex(Memory())
    private let telemetry = AnswerTelemetry()

    /// - Parameter limit: bytes that answers may take; 0 keeps none.
    init(limit: Int) { self.limit = limit }

    /// The body of an answer at a revision.
    func body(_ key: Key, at revision: Int64) -> [UInt8]? {
        let body = memory.withLock { memory -> [UInt8]? in
            guard memory.revision == revision, memory.entries[key] != nil else { return nil }
            memory.clock += 1
            memory.entries[key]?.used = memory.clock
            return memory.entries[key]?.body
        }
        telemetry.count(body == nil ? .miss : .hit)
        return body
    }

    /// Keeps an answer, unless it takes more than an eighth of the room. Answers of another revision are forgotten.
    func keep(_ body: [UInt8], _ key: Key, at revision: Int64) {
        let cost = body.count + key.route.utf8.count + key.query.utf8.count + key.scope.utf8.count + 256
        guard cost <= limit / 8 else { return }
        let size = memory.withLock { memory -> Int in
            if memory.revision != revision { memory = Memory(revision: revision) }
            memory.clock += 1
            if let old = memory.entries.updateValue(Entry(body: body, used: memory.clock, cost: cost), forKey: key) {
                memory.cost -= old.cost
            }
            memory.cost += cost
            evict(&memory)
            return memory.cost
        }
        telemetry.holds(size)
    }

    /// A client had the answer already.
    func countUnchanged() { telemetry.count(.unchanged) }

    private func evict(_ memory: inout Memory) {
        guard memory.cost > limit else { return }
        // Down to three quarters, so that this does not come with every answer.
        let oldestFirst = memory.entries.sorted { $0.value.used < $1.value.used }
        for (key, entry) in oldestFirst where memory.cost > limit / 4 * 3 {
            memory.entries[key] = nil
            memory.cost -= entry.cost
        }
    }
}

/// Where answers came from.
private struct AnswerTelemetry: Sendable {
    /// The label `cache`.
    enum Outcome: String, CaseIterable {
        case hit
        case miss
        /// The client had it.
        case unchanged
    }

    private let answers = Dictionary(
        uniqueKeysWithValues: Outcome.allCases.map {
            ($0, Counter(label: DashboardMetrics.answersLabel, dimensions: [("cache", $0.rawValue)]))
        })
    private let bytes = Gauge(label: DashboardMetrics.cacheLabel)

    func count(_ outcome: Outcome) { answers[outcome]?.increment() }
    func holds(_ size: Int) { bytes.record(size) }
}

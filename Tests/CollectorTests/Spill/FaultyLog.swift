import EmbeddedStores
import Stores
import Synchronization

/// A real embedded log that can be made to fail, as Kafka would.
final class FaultyLog: TrimmableEventLog {
    /// What `produce` does.
    enum Fault: Sendable {
        case none
        /// Fails, with nothing done.
        case down(EventLogError.Code)
        /// Appends, and fails all the same.
        case silent
        /// These partitions have no leader: the others' records are appended, and the call fails.
        case leaderless(Set<Int32>)
        /// Values longer than this are refused.
        case limited(Int)
    }

    private struct State {
        var fault = Fault.none
        var trimFails = false
        var calls = 0
        var gate: [CheckedContinuation<Void, Never>]?
    }

    let base: EmbeddedLog
    private let partitions: Int
    private let state = Mutex(State())

    init(_ base: EmbeddedLog, partitions: Int) { (self.base, self.partitions) = (base, partitions) }

    /// A log in a file with these partitions of `user-events`.
    static func make(_ path: String, partitions: Int) async throws -> FaultyLog {
        let log = FaultyLog(try EmbeddedLog(path: path), partitions: partitions)
        _ = try await log.provision([
            TopicDefinition(
                name: Topic.userEvents.rawValue, partitions: partitions, replicationFactor: 1, configuration: [:])
        ])
        return log
    }

    var calls: Int { state.withLock { $0.calls } }
    func set(_ fault: Fault) { state.withLock { $0.fault = fault } }
    func failTrim(_ isFailing: Bool) { state.withLock { $0.trimFails = isFailing } }

    /// Holds calls of `produce` until `release`.
    func hold() { state.withLock { $0.gate = [] } }
    /// How many calls are held.
    var held: Int { state.withLock { $0.gate?.count ?? 0 } }
    func release() {
        let held = state.withLock { state in
            defer { state.gate = nil }
            return state.gate ?? []
        }
        for continuation in held { continuation.resume() }
    }

    private func passGate() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                state.gate?.append(continuation)
                return state.gate == nil
            }
            if isOpen { continuation.resume() }
        }
    }

    func produce(_ batch: RecordBatch, to topic: Topic) async throws -> [LogOffset] {
        state.withLock { $0.calls += 1 }
        await passGate()
        switch state.withLock({ $0.fault }) {
        case .none: return try await base.produce(batch, to: topic)
        case .down(let code): throw EventLogError(code, "told to fail")
        case .silent:
            _ = try await base.produce(batch, to: topic)
            throw EventLogError(.timedOut, "told to be silent")
        case .leaderless(let stuck):
            let good = batch.records.indices.filter { !stuck.contains(partition(batch, $0)) }
            let places = try await base.produce(batch.selecting(good), to: topic)
            guard good.count == batch.count else { throw EventLogError(.timedOut, "a partition has no leader") }
            return places
        case .limited(let size):
            guard batch.records.allSatisfy({ $0.value.count <= size }) else {
                throw EventLogError(.messageTooLarge, "told to refuse")
            }
            return try await base.produce(batch, to: topic)
        }
    }

    private func partition(_ batch: RecordBatch, _ index: Int) -> Int32 {
        let record = batch.records[index]
        if record.partition >= 0 { return record.partition }
        return batch.key(at: index).map { Murmur2.partition(of: $0, count: partitions) } ?? 0
    }

    func trim(_ topic: Topic, _ partition: Int32, below low: Int64) async throws {
        if state.withLock({ $0.trimFails }) { throw EventLogError(.unreachable, "told not to trim") }
        try await base.trim(topic, partition, below: low)
    }

    func checkHealth() async throws {
        if case .down(let code) = state.withLock({ $0.fault }) { throw EventLogError(code, "told to fail") }
        try await base.checkHealth()
    }

    func partitionCount(of topic: Topic) async throws -> Int {
        if case .down(let code) = state.withLock({ $0.fault }) { throw EventLogError(code, "told to fail") }
        return try await base.partitionCount(of: topic)
    }

    func compact() async throws { try await base.compact() }
    func watermarks(of topic: Topic, partitions: [Int32]) async throws -> [Int32: Watermarks] {
        try await base.watermarks(of: topic, partitions: partitions)
    }
    func records(at places: [LogOffset], in topic: Topic) async throws -> RecordBatch {
        try await base.records(at: places, in: topic)
    }
    func consumer(group: String, topic: Topic) async throws -> any EventConsumer {
        try await base.consumer(group: group, topic: topic)
    }
    func committed(group: String, topic: Topic, partitions: [Int32]) async throws -> [Int32: Int64] {
        try await base.committed(group: group, topic: topic, partitions: partitions)
    }
    func provision(_ topics: [TopicDefinition]) async throws -> [String: TopicProvision] {
        try await base.provision(topics)
    }
    func close() async { await base.close() }
}

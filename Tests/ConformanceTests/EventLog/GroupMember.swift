import Stores

/// A member of a group as a worker is one: starts at what is committed, and commits what it has seen.
actor GroupMember {
    private let log: any EventLog
    private let topic: Topic
    private let group: String
    /// What it owns at present.
    private(set) var partitions: [Int32] = []
    /// What it has seen, with how often.
    private(set) var seen: [LogOffset: Int] = [:]
    private(set) var failure: (any Error)?

    init(_ log: any EventLog, group: String, topic: Topic = .checked) {
        (self.log, self.group, self.topic) = (log, group, topic)
    }

    /// Goes on until cancelled, then leaves the group, or is simply gone, as if killed.
    func run(leaving isLeaving: Bool) async {
        do {
            let consumer = try await log.consumer(group: group, topic: topic)
            while !Task.isCancelled { try await step(consumer) }
            if isLeaving { await consumer.close() }
        } catch {
            if !Task.isCancelled { failure = error }
        }
        partitions = []
    }

    private func step(_ consumer: any EventConsumer) async throws {
        switch try await consumer.next(max: 100, wait: .milliseconds(100)) {
        case .records(let batch) where !batch.isEmpty:
            for place in batch.places { seen[place, default: 0] += 1 }
            let next = batch.places.reduce(into: [:]) { $0[$1.partition] = $1.offset + 1 }
            do { try await consumer.commit(next) } catch let error as EventLogError where error.isTransient {}
        case .records: break
        case .assigned(let given):
            let committed = try await log.committed(group: group, topic: topic, partitions: given)
            try await consumer.assign(Dictionary(uniqueKeysWithValues: given.map { ($0, committed[$0] ?? 0) }))
            partitions = given
        case .revoked:
            partitions = []
            try await consumer.unassign()
        case .positionsUncertain(let doubtful):
            try await consumer.assign(Dictionary(uniqueKeysWithValues: doubtful.map { ($0, 0) }))
        }
    }
}

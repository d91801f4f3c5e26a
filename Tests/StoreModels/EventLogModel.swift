import Stores
import Synchronization

/// The least that a log is: arrays of records, whose calls are noted and can be made to fail.
final class EventLogModel: EventLog {
    /// One partition: its records by offset, and its extent.
    private struct Partition {
        var records: [Int64: LoggedRecord] = [:]
        var extent = Watermarks(low: 0, high: 0)
    }

    private let journal: Journal
    private let partitions: Mutex<[Topic: [Int32: Partition]]>
    private let commits = Mutex<[Int32: Int64]>([:])
    private let failure = Mutex(EventLogError(.timedOut, "the model was told to fail"))
    private let retention: TopicRetention

    init(
        journal: Journal = Journal(), partitions count: Int32 = 1, unreadRetention: TopicRetention = .unknown
    ) {
        (self.journal, retention) = (journal, unreadRetention)
        let empty = Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, Partition()) })
        partitions = Mutex([.userEvents: empty, .deadLetters: [0: Partition()]])
    }

    /// What calls throw that are made to fail.
    func fail(with error: EventLogError) { failure.withLock { $0 = error } }

    /// All records of a topic, in order of partition and offset.
    func records(of topic: Topic) -> [LoggedRecord] {
        partitions.withLock { partitions in
            (partitions[topic] ?? [:]).sorted { $0.key < $1.key }
                .flatMap { $0.value.records.sorted { $0.key < $1.key }.map(\.value) }
        }
    }

    /// Puts a record at its place of `user-events` and moves the end past it.
    func place(_ record: LoggedRecord) {
        change(record.partition) { partition in
            partition.records[record.offset] = record
            partition.extent.high = max(partition.extent.high, record.offset + 1)
        }
    }

    /// Drops what lies below an offset of `user-events`, as retention does.
    func expire(_ partition: Int32, below low: Int64) {
        change(partition) { partition in
            partition.records = partition.records.filter { $0.key >= low }
            partition.extent = Watermarks(low: low, high: max(low, partition.extent.high))
        }
    }

    /// Makes a partition of `user-events` anew, empty.
    func recreate(_ partition: Int32) { change(partition) { $0 = Partition() } }

    private func change(_ partition: Int32, _ body: (inout Partition) -> Void) {
        partitions.withLock { body(&$0[.userEvents, default: [:]][partition, default: Partition()]) }
    }

    private func carryOut<Value>(_ call: String, _ effect: (Bool) throws -> Value) throws -> Value {
        try journal.carryOut(call, failingWith: failure.withLock { $0 }, effect)
    }

    func produce(_ batch: RecordBatch, to topic: Topic) async throws -> [LogOffset] {
        try carryOut("produce \(topic.rawValue)") { isHalf in
            let records = isHalf ? Array(batch.logged.prefix(batch.count / 2)) : batch.logged
            return partitions.withLock { partitions in
                records.map { record in
                    var partition = partitions[topic, default: [:]][0, default: Partition()]
                    defer { partitions[topic, default: [:]][0] = partition }
                    let place = LogOffset(partition: 0, offset: partition.extent.high)
                    var placed = record
                    (placed.partition, placed.offset) = (place.partition, place.offset)
                    partition.records[place.offset] = placed
                    partition.extent.high += 1
                    return place
                }
            }
        }
    }

    func watermarks(of topic: Topic, partitions wanted: [Int32]) async throws -> [Int32: Watermarks] {
        try carryOut("watermarks") { _ in
            partitions.withLock { partitions in
                Dictionary(
                    uniqueKeysWithValues: wanted.compactMap { number in
                        partitions[topic]?[number].map { (number, $0.extent) }
                    })
            }
        }
    }

    func records(at places: [LogOffset], in topic: Topic) async throws -> RecordBatch {
        try carryOut("read records") { _ in
            partitions.withLock { partitions in
                RecordBatch(places.compactMap { partitions[topic]?[$0.partition]?.records[$0.offset] })
            }
        }
    }

    func partitionCount(of topic: Topic) async throws -> Int {
        try carryOut("partition count") { _ in partitions.withLock { $0[topic]?.count ?? 0 } }
    }

    func consumer(group: String, topic: Topic) async throws -> any EventConsumer {
        throw EventLogError(.closed, "the model has no groups")
    }

    /// Commits an offset of `user-events`, for every group.
    func commit(_ offset: Int64, of partition: Int32) { commits.withLock { $0[partition] = offset } }

    func committed(group: String, topic: Topic, partitions: [Int32]) async throws -> [Int32: Int64] {
        try carryOut("committed") { _ in commits.withLock { $0.filter { partitions.contains($0.key) } } }
    }

    func unreadRetention(of topic: Topic) async throws -> TopicRetention { retention }
    func provision(_ topics: [TopicDefinition]) async throws -> [String: TopicProvision] { [:] }
    func checkHealth() async throws {}
    func close() async {}
}

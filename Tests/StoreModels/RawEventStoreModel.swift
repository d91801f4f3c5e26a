import Events
import Stores
import Synchronization

/// What a raw event store means, in dictionaries: verdicts by id, position and hash, compare-and-set of progress.
/// Its calls are noted and can be made to fail.
final class RawEventStoreModel: RawEventStore {
    private struct Contents {
        var events: [ExactText: RawEvent] = [:]
        var progress: [PartitionEpoch: IngestProgress] = [:]
        var deadLetters: [Position: DeadLetterEntry] = [:]
    }

    private let journal: Journal
    private let contents = Mutex(Contents())
    /// Users whose events it refuses: a batch with one of them fails as a whole.
    private let refusedUsers: Set<String>

    init(journal: Journal = Journal(), refusing users: Set<String> = []) {
        self.journal = journal
        refusedUsers = users
    }

    /// The stored events by id.
    var events: [ExactText: RawEvent] { contents.withLock(\.events) }
    /// The index of dead letters.
    var deadLetters: [Position: DeadLetterEntry] { contents.withLock(\.deadLetters) }
    /// The progress of all partitions and epochs, in order.
    var progress: [IngestProgress] {
        contents.withLock { $0.progress.values.sorted { $0.partition < $1.partition } }
    }

    private func carryOut<Value>(_ call: String, _ effect: (Bool) throws -> Value) throws -> Value {
        let error = DatabaseError(.timedOut, store: "model", "the model was told to fail")
        return try journal.carryOut(call, failingWith: error, effect)
    }

    func insert(_ events: [RawEvent]) async throws -> [InsertVerdict] {
        try carryOut("insert") { isHalf in
            if let refused = events.first(where: { refusedUsers.contains($0.userID) }) {
                throw DatabaseError(.refusedValue, store: "model", "refused", cause: "no \(refused.userID) here")
            }
            let inserted = isHalf ? events.prefix(events.count / 2) : events[...]
            return contents.withLock { contents in inserted.map { Self.insert($0, &contents.events) } }
        }
    }

    private static func insert(_ event: RawEvent, _ events: inout [ExactText: RawEvent]) -> InsertVerdict {
        guard let stored = events[ExactText(event.id)] else {
            events[ExactText(event.id)] = event
            return .stored
        }
        return InsertVerdict(on: event, storedAt: stored.position, payloadHash: stored.payloadHash)
    }

    func forget(
        _ user: String, of source: String, as token: String, in window: OffsetWindow, keeping keys: MetadataKeys
    ) async throws -> Int {
        try carryOut("forget") { isHalf in
            contents.withLock { contents in
                let meant = contents.events.filter { _, event in
                    window.contains(event.position) && ExactText(event.userID) == ExactText(user)
                        && ExactText(event.source) == ExactText(source)
                }
                for (id, event) in meant.prefix(isHalf ? meant.count / 2 : meant.count) {
                    contents.events[id] = event.forgotten(as: token, keeping: keys)
                }
                return meant.count
            }
        }
    }

    func event(source: String, eventID: String) async throws -> RawEvent? {
        events[ExactText("\(source)/\(eventID)")]
    }

    func latestProgress(of partitions: [Int32]) async throws -> [Int32: IngestProgress] {
        try carryOut("read progress") { _ in
            let wanted = progress.filter { partitions.contains($0.partition.partition) }
            return Dictionary(wanted.map { ($0.partition.partition, $0) }) { $1 }
        }
    }

    func beginEpoch(_ progress: IngestProgress) async throws -> IngestProgress {
        try carryOut("begin epoch") { _ in
            contents.withLock { contents in
                let stored = contents.progress[progress.partition] ?? progress
                contents.progress[progress.partition] = stored
                return stored
            }
        }
    }

    func advance(_ moves: [ProgressMove]) async -> [Result<AdvanceOutcome, any Error>] {
        do {
            return try carryOut("advance") { isHalf in
                moves.prefix(isHalf ? moves.count / 2 : moves.count).map { .success(advance($0)) }
            }
        } catch {
            return moves.map { _ in .failure(error) }
        }
    }

    private func advance(_ move: ProgressMove) -> AdvanceOutcome {
        contents.withLock { contents in
            guard let current = contents.progress[move.old.partition] else { return .superseded(by: move.old) }
            guard current.next == move.old.next, current.batch == move.old.batch else {
                return .superseded(by: current)
            }
            contents.progress[move.old.partition] = move.new
            return .advanced
        }
    }

    func recordDeadLetters(_ entries: [DeadLetterEntry]) async throws {
        try carryOut("index dead letters") { isHalf in
            contents.withLock { contents in
                for entry in isHalf ? entries.prefix(entries.count / 2) : entries[...]
                where contents.deadLetters[entry.position] == nil {
                    contents.deadLetters[entry.position] = entry
                }
            }
        }
    }

    func deadLetters(in window: OffsetWindow) async throws -> [DeadLetterEntry] {
        try carryOut("read dead letters") { _ in
            deadLetters.values.filter { window.contains($0.position) }.sorted { $0.position < $1.position }
        }
    }

    func deadLetters(
        matching filter: DeadLetterFilter, after last: DeadLetterEntry?, limit: Int
    ) async throws -> [DeadLetterEntry] {
        try carryOut("list dead letters") { _ in
            let found = deadLetters.values.filter(filter.matches).sorted { $0.order < $1.order }
            return Array(found.filter { entry in last.map { $0.order < entry.order } ?? true }.prefix(limit))
        }
    }

    func moveDeadLetters(
        at positions: [Position], from: DeadLetterEntry.State, to: DeadLetterEntry.State
    ) async throws -> Int {
        try carryOut("move dead letters") { isHalf in
            contents.withLock { contents in
                let moved = Set(positions).filter { contents.deadLetters[$0]?.state == from }
                for position in isHalf ? Set(moved.prefix(moved.count / 2)) : moved {
                    contents.deadLetters[position]?.state = to
                }
                return moved.count
            }
        }
    }

    func withConsistentReader<Value: Sendable>(
        _ body: @Sendable (any RawEventReader) async throws -> Value
    ) async throws -> Value {
        try carryOut("open reader") { _ in }
        return try await body(RawEventReaderModel(events: events, allProgress: progress))
    }

    func provision() async throws {}
    func checkHealth() async throws {}
    func close() async {}
}

/// Reads of one moment.
private struct RawEventReaderModel: RawEventReader {
    let events: [ExactText: RawEvent]
    let allProgress: [IngestProgress]

    func progress() async throws -> [IngestProgress] { allProgress }

    func events(in window: OffsetWindow, metadata keys: MetadataKeys) async throws -> [StoredEvent] {
        events.values.filter { window.contains($0.position) }.sorted { $0.position < $1.position }.map {
            StoredEvent(
                source: $0.source, userID: $0.userID, eventType: $0.eventType, timestamp: $0.timestamp,
                offset: $0.position.offset,
                dimensions: EventDimensions(of: $0.context, metadata: keys.values(in: $0.metadata)))
        }
    }
}

extension DeadLetterEntry {
    /// What lists are ordered by.
    fileprivate var order: (Int64, Position) { (failedAt, position) }
}

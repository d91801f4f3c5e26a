public import Events

/// How far one incarnation of one partition has been processed, and the books of it.
///
/// Always `next − first = stored + duplicate + dead + lost + gaps`.
public struct IngestProgress: Sendable, Equatable {
    /// The partition's incarnation.
    public var partition: PartitionEpoch
    /// The offset at which this epoch began.
    public var first: Int64
    /// The offset of the next record to process: the authority, Kafka's commit is its mirror.
    public var next: Int64
    /// Records whose event is stored at its position.
    public var stored: Int64 = 0
    /// Records whose event was stored already, from another position.
    public var duplicate: Int64 = 0
    /// Records that went to the dead-letter topic.
    public var dead: Int64 = 0
    /// Records that the log dropped before they were processed.
    public var lost: Int64 = 0
    /// Offsets that hold no record (transaction markers).
    public var gaps: Int64 = 0
    /// Digest of the record at `next − 1` (or of an earlier one, where that was lost), by which a recreated log is
    /// recognised; `nil` before the first.
    public var lastHash: Digest128?
    /// Names the batch that made this state: a repeated compare-and-set recognises its own earlier success.
    public var batch: String = ""

    /// Starts an epoch at an offset, with empty books.
    public init(partition: PartitionEpoch, first: Int64) {
        self.partition = partition
        self.first = first
        self.next = first
    }

    /// Whether every offset passed has been accounted for.
    public var isBalanced: Bool { next - first == stored + duplicate + dead + lost + gaps }
}

/// A compare-and-set of progress: where it is `old`, it becomes `new`, of the same incarnation of the same partition.
public struct ProgressMove: Sendable {
    /// What is thought to be stored; `next` and `batch` are compared.
    public var old: IngestProgress
    /// What is to be stored.
    public var new: IngestProgress

    /// Describes a move.
    public init(from old: IngestProgress, to new: IngestProgress) {
        precondition(old.partition == new.partition, "progress stays within one incarnation of a partition")
        self.old = old
        self.new = new
    }
}

/// What became of a compare-and-set of progress.
public enum AdvanceOutcome: Sendable, Equatable {
    /// The new state is stored.
    case advanced
    /// Somebody else moved it; this is the state now.
    case superseded(by: IngestProgress)
}

/// Raw events, ingest progress and the index of dead letters. Shaped by MongoDB.
///
/// Every write returns only after it is durable (`w: majority, j: true`). Implementations never block the
/// cooperative pool; safe to use from many tasks. All errors are `DatabaseError`.
public protocol RawEventStore: Sendable {
    /// Creates collections and indexes that are missing. Idempotent.
    func provision() async throws

    /// Inserts events and gives a verdict on each, in order.
    ///
    /// - Throws: `DatabaseError` when the batch as a whole is not known to be durable; the caller repeats it, and
    ///   what was inserted is then found at its own position.
    func insert(_ events: [RawEvent]) async throws -> [InsertVerdict]

    /// The stored event of that identity; `nil` where there is none. Its metadata is JSON with the same values as
    /// the original, not the same bytes.
    func event(source: String, eventID: String) async throws -> RawEvent?

    /// Makes the events of a user with positions in the window those of `token`, stripped of all that is not counted.
    /// A repetition goes on where one was cut off.
    /// - Returns: how many events were changed.
    func forget(
        _ user: String, of source: String, as token: String, in window: OffsetWindow, keeping keys: MetadataKeys
    ) async throws -> Int

    /// The latest epoch's progress of each partition asked for; partitions never seen are absent.
    func latestProgress(of partitions: [Int32]) async throws -> [Int32: IngestProgress]

    /// Stores the first state of a new epoch unless there is one already; either way returns what is stored.
    func beginEpoch(_ progress: IngestProgress) async throws -> IngestProgress

    /// Moves progress of different partitions, each by compare-and-set on `next` and `batch`, and each for itself. After
    /// an ambiguous reply it reads again, so that its own success is recognised by the batch token.
    /// - Returns: what became of each move, in order.
    func advance(_ moves: [ProgressMove]) async -> [Result<AdvanceOutcome, any Error>]

    /// Puts dead letters on the index; one that is there already stays as it is.
    func recordDeadLetters(_ entries: [DeadLetterEntry]) async throws

    /// The dead letters whose original position lies in the window, in order of offset.
    func deadLetters(in window: OffsetWindow) async throws -> [DeadLetterEntry]

    /// The dead letters that the filter lets through, by time of failure and position, after `last`; at most `limit`.
    func deadLetters(
        matching filter: DeadLetterFilter, after last: DeadLetterEntry?, limit: Int
    ) async throws -> [DeadLetterEntry]

    /// Moves the dead letters at these positions that are in one state to another.
    /// - Returns: how many there were.
    func moveDeadLetters(
        at positions: [Position], from: DeadLetterEntry.State, to: DeadLetterEntry.State
    ) async throws -> Int

    /// Runs reads that agree with each other: what `progress` tells as stored, `events` finds (MongoDB: one
    /// causally consistent session, majority read concern).
    func withConsistentReader<Value: Sendable>(
        _ body: @Sendable (any RawEventReader) async throws -> Value
    ) async throws -> Value

    /// Throws `DatabaseError` unless the store answers within its time limit.
    func checkHealth() async throws

    /// Lets go of all resources; later calls throw `.closed`. Idempotent.
    func close() async
}

extension RawEventStore {
    /// Moves the progress of one partition.
    public func advance(from old: IngestProgress, to new: IngestProgress) async throws -> AdvanceOutcome {
        try await advance([ProgressMove(from: old, to: new)])[0].get()
    }
}

/// Offsets `[lower, upper)` of one incarnation of one partition.
public struct OffsetWindow: Sendable, Equatable, Hashable {
    /// The partition's incarnation.
    public var partition: PartitionEpoch
    /// The offsets, bounded on both sides.
    public var offsets: Range<Int64>

    /// Describes a window.
    public init(partition: PartitionEpoch, offsets: Range<Int64>) {
        self.partition = partition
        self.offsets = offsets
    }

    /// The window in parts of at most so many offsets, so that what is done with each is bounded.
    public func parts(of size: Int64) -> [OffsetWindow] {
        stride(from: offsets.lowerBound, to: offsets.upperBound, by: Int64.Stride(size)).map { lower in
            OffsetWindow(partition: partition, offsets: lower..<min(lower + size, offsets.upperBound))
        }
    }
}

/// Reads of the raw event store that agree with each other.
public protocol RawEventReader: Sendable {
    /// Progress of every epoch and partition, ordered by both.
    func progress() async throws -> [IngestProgress]

    /// The events stored at positions within the window, in order of offset, with the values of these metadata keys.
    func events(in window: OffsetWindow, metadata keys: MetadataKeys) async throws -> [StoredEvent]
}

extension RawEventReader {
    /// The events stored at positions within the window, in order of offset, without values of metadata.
    public func events(in window: OffsetWindow) async throws -> [StoredEvent] {
        try await events(in: window, metadata: .none)
    }
}

/// The index entry of a dead letter; the topic keeps the bytes.
public struct DeadLetterEntry: Sendable, Equatable {
    /// Whether somebody still has to look at it.
    public enum State: String, Sendable, CaseIterable {
        /// Somebody has to.
        case open
        /// Its event was sent to the log again; what came of that is not known yet.
        case replayed
        /// Nobody has to any more.
        case resolved
    }

    /// Where the record was in `user-events`.
    public var position: Position
    /// Where its dead letter is in `user-events.dead-letter`.
    public var deadLetter: LogOffset
    /// The stage that gave up.
    public var stage: String
    /// The bounded reason code.
    public var reason: String
    /// The reason for people.
    public var message: String
    /// The source; empty where the record did not tell.
    public var source: String
    /// The event's id within the source; empty where the record did not tell.
    public var eventID: String
    /// When: milliseconds since 1970, UTC.
    public var failedAt: Int64
    /// Whether somebody still has to look at it.
    public var state: State

    /// Describes a dead letter.
    public init(
        position: Position, deadLetter: LogOffset, stage: String, reason: String, message: String, source: String,
        eventID: String, failedAt: Int64, state: State
    ) {
        self.position = position
        self.deadLetter = deadLetter
        self.stage = stage
        self.reason = reason
        self.message = message
        self.source = source
        self.eventID = eventID
        self.failedAt = failedAt
        self.state = state
    }
}

/// Which dead letters are meant: those for which every condition given holds.
public struct DeadLetterFilter: Sendable, Equatable {
    /// The state.
    public var state: DeadLetterEntry.State?
    /// The stage that gave up.
    public var stage: String?
    /// The reason's code.
    public var reason: String?
    /// The source.
    public var source: String?
    /// The event's id; with its source there is an index for it.
    public var eventID: String?
    /// When it failed: milliseconds since 1970, the upper bound excluded.
    public var failedAt: Range<Int64>?
    /// Where the record was.
    public var window: OffsetWindow?

    /// Lets everything through, until conditions are set.
    public init() {}

    /// Whether a dead letter is meant. Texts are compared byte by byte.
    public func matches(_ entry: DeadLetterEntry) -> Bool {
        func holds(_ wanted: String?, _ text: String) -> Bool {
            wanted.map { $0.utf8.elementsEqual(text.utf8) } ?? true
        }
        return holds(state?.rawValue, entry.state.rawValue) && holds(stage, entry.stage)
            && holds(reason, entry.reason) && holds(source, entry.source)
            && holds(eventID, entry.eventID)
            && failedAt?.contains(entry.failedAt) ?? true && window?.contains(entry.position) ?? true
    }
}

extension OffsetWindow {
    /// Whether a position lies in the window.
    public func contains(_ position: Position) -> Bool {
        PartitionEpoch(epoch: position.epoch, partition: position.partition) == partition
            && offsets.contains(position.offset)
    }
}

/// One lane of the spill: the users whose keys hash to its number, and in the spill a partition of their own.
///
/// Order is kept within a lane: while it has records in the spill, or is getting some, its new events go there too.
struct SpillLane: Sendable, Equatable {
    /// Everything below is in the log.
    private(set) var drained: Int64
    /// One past the last record known to be durable in the spill.
    private(set) var end: Int64
    /// Everything below has been dropped from the spill.
    var trimmed: Int64
    /// When the oldest record was received, or something shortly before that; `nil` where there is none.
    private(set) var oldest: Int64?
    /// Appends to the spill that were decided on and have not ended.
    private(set) var appending = 0
    private(set) var isDraining = false
    /// Whether the log has taken a batch since draining began.
    private var hasProgress = false
    /// New events wait until the last of the spill is drained: under load it would never be empty else.
    private(set) var isClosing = false

    /// What is to be done next by whoever drains the lane.
    enum Step: Equatable {
        /// These records go to the log.
        case drain(Range<Int64>)
        /// Appends are under way, the last ones.
        case wait
        /// Nothing is left, or nothing that would not be joined by more.
        case done
    }

    init(low: Int64 = 0, high: Int64 = 0, oldest: Int64? = nil) {
        (drained, end, trimmed, self.oldest) = (low, high, low, oldest)
    }

    /// Records in the spill.
    var depth: Int64 { end - drained }
    /// Whether new events must not go to the log.
    var isSpilling: Bool { appending > 0 || depth > 0 }

    mutating func beginAppend() { appending += 1 }

    /// An append has ended; with `end` and the time of receipt if it is durable.
    mutating func endAppend(_ durable: (end: Int64, receivedAt: Int64)? = nil) {
        appending -= 1
        guard let durable else { return }
        end = max(end, durable.end)
        oldest = min(oldest ?? durable.receivedAt, durable.receivedAt)
    }

    /// - Returns: false where somebody else drains it, or where there is nothing.
    mutating func beginDrain() -> Bool {
        guard !isDraining, depth > 0 else { return false }
        (isDraining, hasProgress) = (true, false)
        return true
    }

    /// - Parameter mayClose: whether new events may be made to wait for the rest.
    mutating func step(atMost count: Int, mayClose: Bool) -> Step {
        let next = min(end, drained + Int64(count))
        // A log that has just taken a batch will soon have taken the rest.
        if hasProgress, mayClose, next == end, isSpilling { isClosing = true }
        if depth > 0 { return .drain(drained..<next) }
        return isClosing && appending > 0 ? .wait : .done
    }

    /// Records below an offset are out of the spill's hands; the last of them was received then.
    mutating func advance(to offset: Int64, newest: Int64) {
        (drained, hasProgress) = (offset, true)
        oldest = depth > 0 ? newest : nil
    }

    mutating func endDrain() { (isDraining, hasProgress, isClosing) = (false, false, false) }
}

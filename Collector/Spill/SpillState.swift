/// Which events go to the log and which to the spill, and what is drained when: pure, so that it can be tested without
/// either.
///
/// One failure of the log opens the circuit: nobody waits for the log any more until it has taken something again.
/// Each lane then goes back to the log for itself, when its part of the spill is empty.
struct SpillState: Sendable {
    /// Where the records of a request go.
    enum Route: Equatable {
        /// Ask again when this lane has changed.
        case wait(lane: Int)
        /// To the spill those of these lanes, of which an append has begun; the others to the log.
        case go(spilling: Set<Int>)
    }

    /// What is to be done about the log and the spill.
    enum Work: Equatable {
        case none
        /// The log failed last: find out by one batch of one lane.
        case probe(lane: Int)
        /// The log failed last, and there is nothing to give to it.
        case check
        /// All of these, side by side.
        case drain(lanes: [Int])
    }

    private(set) var lanes: [SpillLane]
    /// The circuit: the log has failed and has not taken anything since.
    private(set) var isLogDown: Bool
    /// The spill did not take the last append.
    private(set) var isFailing = false
    /// Bytes of records in the spill, those under way included.
    private(set) var bytes: Int64
    /// The most bytes since the spill was made smaller.
    private(set) var peak: Int64
    let maximumBytes: Int64
    /// Records that left their lanes without being in the log.
    private(set) var setAside: Int64 = 0
    private var turn = 0

    init(lanes: [SpillLane], isLogDown: Bool = false, bytes: Int64 = 0, maximumBytes: Int64 = .max) {
        (self.lanes, self.isLogDown, self.maximumBytes) = (lanes, isLogDown, maximumBytes)
        self.bytes = lanes.allSatisfy { $0.depth == 0 } ? 0 : bytes
        peak = bytes
    }

    var records: Int64 { lanes.reduce(0) { $0 + $1.depth } }
    var oldest: Int64? { lanes.compactMap(\.oldest).min() }
    var isFull: Bool { bytes >= maximumBytes }
    /// Nothing is in the spill or on its way there.
    var isIdle: Bool { lanes.allSatisfy { !$0.isSpilling && $0.trimmed == $0.drained } }
    var untrimmed: [Int] { lanes.indices.filter { lanes[$0].trimmed < lanes[$0].drained } }
}

/// Requests.
extension SpillState {
    /// Decides where a request's records go. Appends begun must be ended.
    mutating func route(_ wanted: Set<Int>, mayWait: Bool) -> Route {
        if isLogDown { return .go(spilling: begin(wanted)) }
        if mayWait, let closing = wanted.first(where: { lanes[$0].isClosing }) { return .wait(lane: closing) }
        return .go(spilling: begin(wanted.filter { lanes[$0].isSpilling }))
    }

    /// The log did not take records of these lanes: appends of them to the spill have begun.
    /// - Returns: whether that is news.
    mutating func logFailed(_ failed: Set<Int>) -> Bool {
        defer { isLogDown = true }
        _ = begin(failed)
        return !isLogDown
    }

    private mutating func begin(_ begun: Set<Int>) -> Set<Int> {
        for lane in begun { lanes[lane].beginAppend() }
        return begun
    }

    /// - Returns: false where the spill has no room for so many bytes more.
    mutating func reserve(_ size: Int64) -> Bool {
        guard bytes + size <= maximumBytes else { return false }
        bytes += size
        peak = max(peak, bytes)
        return true
    }

    /// Records received then are durable: the end of each lane.
    mutating func appended(_ ends: [Int: Int64], receivedAt: Int64) {
        isFailing = false
        for (lane, end) in ends { lanes[lane].endAppend((end, receivedAt)) }
    }

    /// Nothing came of the appends of these lanes, for which so many bytes were reserved.
    mutating func giveUp(_ begun: Set<Int>, size: Int64 = 0, isFailing: Bool = false) {
        if isFailing { self.isFailing = true }
        bytes -= size
        for lane in begun { lanes[lane].endAppend() }
        settle()
    }

    /// What is kept of the bytes before a restart is an estimate.
    private mutating func settle() {
        if lanes.allSatisfy({ !$0.isSpilling }) { bytes = 0 }
        bytes = max(0, bytes)
    }
}

/// Draining.
extension SpillState {
    /// What is to be done now. Lanes take turns at a probe: one may be stuck where others are not.
    mutating func nextWork() -> Work {
        let waiting = lanes.indices.filter { lanes[$0].depth > 0 && !lanes[$0].isDraining }
        guard isLogDown else { return waiting.isEmpty ? .none : .drain(lanes: waiting) }
        guard let lane = waiting.first(where: { $0 >= turn }) ?? waiting.first else { return .check }
        turn = lane + 1
        return .probe(lane: lane)
    }

    mutating func beginDrain(_ lane: Int) -> Bool { lanes[lane].beginDrain() }

    mutating func step(_ lane: Int, atMost count: Int) -> SpillLane.Step {
        lanes[lane].step(atMost: count, mayClose: !isLogDown)
    }

    /// The log has acknowledged a lane's records below an offset, or they were set aside.
    /// - Returns: whether the log is back.
    mutating func drained(_ lane: Int, to offset: Int64, size: Int64, newest: Int64, inLog: Bool = true) -> Bool {
        if !inLog { setAside += offset - lanes[lane].drained }
        lanes[lane].advance(to: offset, newest: newest)
        bytes -= size
        settle()
        return inLog && logAnswered()
    }

    /// - Returns: whether that is news.
    mutating func logAnswered() -> Bool {
        defer { isLogDown = false }
        return isLogDown
    }

    mutating func endDrain(_ lane: Int) { lanes[lane].endDrain() }

    mutating func trimmed(_ lane: Int, below offset: Int64) { lanes[lane].trimmed = max(lanes[lane].trimmed, offset) }

    /// The spill has taken a write.
    mutating func spillAnswered() { isFailing = false }

    mutating func compacted() { peak = bytes }
}

import Stores

/// Distinct visitors of the last five minutes, exactly, in bounded memory.
///
/// Each visitor is kept once, with the last second in which they were seen; a ring counts the visitors by that second.
/// The sum over the ring is the number wanted, and it is kept up to date: an event costs one look-up, a second one
/// subtraction for each source. An entry has 12 bytes, in a table of at most 2.7 times as many places.
struct SlidingVisitors {
    /// Seconds that the window has.
    static let seconds = LiveSummary.visitorWindow / 1_000

    /// The visitors of one source, counted by the second in which they were last seen.
    private struct Ring {
        var counts = [Int32](repeating: 0, count: Int(SlidingVisitors.seconds))
        var sum = 0

        mutating func add(_ number: Int32, at second: Int64) {
            counts[Int(second % SlidingVisitors.seconds)] += number
            sum += Int(number)
        }

        mutating func clear(_ second: Int64) {
            sum -= Int(exchange(&counts[Int(second % SlidingVisitors.seconds)], 0))
        }
    }

    private var lastSeen: [UInt64: UInt32] = [:]
    private var rings: [Ring] = []
    /// The second after the last one that may be counted: the window is the `seconds` before it.
    private var end: Int64
    private var lastSweep: Int64

    /// Begins with nobody.
    init(now second: Int64) { (end, lastSweep) = (second + 1, second) }

    /// How many visitors are remembered, those included that have left the window and were not swept out yet.
    var count: Int { lastSeen.count }

    /// Distinct visitors of a source.
    func visitors(of source: Int) -> Int { rings.indices.contains(source) ? rings[source].sum : 0 }

    /// Counts a visitor.
    /// - Parameters:
    ///   - hash: of source and user.
    ///   - second: when they were seen; before the window, they do not count, and after its end they count at the end.
    ///   - hasRoom: whether one more may be remembered.
    /// - Returns: whether the visitor was counted, or need not be.
    mutating func see(_ hash: UInt64, of source: Int, at second: Int64, hasRoom: Bool) -> Bool {
        let second = min(second, end - 1)
        guard second >= end - Self.seconds else { return true }
        while rings.count <= source { rings.append(Ring()) }
        if let known = lastSeen[hash].map(Int64.init) {
            guard second > known else { return true }
            if known >= end - Self.seconds { rings[source].add(-1, at: known) }
        } else if !hasRoom {
            return false
        }
        lastSeen[hash] = UInt32(truncatingIfNeeded: second)
        rings[source].add(1, at: second)
        return true
    }

    /// Moves the window so that it ends before a second, which is not in it.
    mutating func advance(to newEnd: Int64) {
        guard newEnd > end else { return }
        for second in max(end, newEnd - Self.seconds)..<newEnd {
            for source in rings.indices { rings[source].clear(second) }
        }
        end = newEnd
        // Once a minute, so that what is remembered is at most that of six.
        if newEnd - lastSweep >= 60 { sweep() }
    }

    /// Forgets those who have left the window.
    mutating func sweep() {
        lastSweep = end
        let first = UInt32(truncatingIfNeeded: end - Self.seconds)
        lastSeen = lastSeen.filter { $0.value >= first }
    }
}

/// Puts a new value in place and gives the old one.
private func exchange<Value>(_ place: inout Value, _ new: Value) -> Value {
    let old = place
    place = new
    return old
}

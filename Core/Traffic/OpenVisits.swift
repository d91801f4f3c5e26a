internal import HeapModule

/// The visits that go on, by the time of what comes next.
struct OpenVisits: Sendable {
    /// When something happens, and in which visit.
    struct Due: Comparable, Sendable {
        let time: Int64
        /// Of two at a time, the visit begun first comes first.
        let order: UInt64
        let place: Int

        static func < (left: Due, right: Due) -> Bool { (left.time, left.order) < (right.time, right.order) }
    }

    private var visits: [Visit] = []
    private var vacant: [Int] = []
    private var due = Heap<Due>()
    private var begun: UInt64 = 0
    /// The time of what was last.
    private(set) var clock: Int64 = 0

    var count: Int { due.count }

    var next: Due? { due.min }

    mutating func begin(_ visit: Visit) {
        let place: Int
        if let free = vacant.popLast() {
            place = free
            visits[place] = visit
        } else {
            place = visits.count
            visits.append(visit)
        }
        due.insert(Due(time: visit.time, order: begun, place: place))
        begun += 1
    }

    /// Gives out the visit in which something happens next, then moves it on.
    mutating func advance<Result>(pace: Double, _ body: (inout Visit) -> Result?) -> Result? {
        guard let first = due.min else { return nil }
        clock = first.time
        let result = body(&visits[first.place])
        if visits[first.place].advance(pace: pace) {
            due.replaceMin(with: Due(time: visits[first.place].time, order: first.order, place: first.place))
        } else {
            due.removeMin()
            vacant.append(first.place)
        }
        return result
    }
}

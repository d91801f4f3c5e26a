internal import HeapModule

/// Makes the events of a plan one after another, in the order in which they are sent.
///
/// Memory does not grow with their number: at most `maximumOpen` visits go on at a time, and at most `maximumHeld`
/// events wait to be sent late or once more; what would be above is sent at once, or not twice.
public struct TrafficGenerator: Sendable {
    /// Visits that go on at a time, at most.
    static let maximumOpen = 65_536
    /// Events that wait, at most: late ones and duplicates.
    static let maximumHeld = 16_384
    /// Visits that are begun ahead at a time, about.
    private static let visitsOfSlot = 1_000.0

    private let plan: TrafficPlan
    private let arrivals: Arrivals
    private let writer: EventWriter
    private let key: UInt64
    private var random: SplitMix64
    private var population: Population
    private var open = OpenVisits()
    private var held = Heap<HeldEvent>()
    private var slot: Int64
    private var visits: UInt64 = 0
    /// Events made so far, those that wait included; duplicates do not count.
    private var written: UInt64 = 0
    private var limit: UInt64

    /// A generator at its plan's beginning.
    /// - Parameter limit: events that are made at most, each counted once.
    public init(_ plan: TrafficPlan, limit: Int? = nil) {
        self.plan = plan
        self.limit = limit.map { UInt64(max(0, $0)) } ?? .max
        arrivals = Arrivals(plan, visitsOfSlot: Self.visitsOfSlot)
        writer = EventWriter(ids: plan.ids, hasAddresses: plan.hasAddresses)
        key = plan.fingerprint
        random = SplitMix64(seed: key)
        population = Population(users: max(1, plan.users), visits: arrivals.visits, seed: plan.seed)
        slot = arrivals.from
    }

    /// Appends the next event's bytes.
    /// - Parameter stamp: the time it is to have, instead of the plan's; for live traffic.
    /// - Returns: what was written; `nil` after the last event of a history, or of those that the limit allows.
    public mutating func next(into output: inout [UInt8], at stamp: Int64? = nil) -> TrafficEvent? {
        while written < limit {
            beginVisits()
            let due = open.next?.time
            if let waiting = held.min, waiting.delivery <= due ?? .max {
                return nextHeld(into: &output)
            }
            guard due != nil else { return nil }
            if let event = step(into: &output, stamp) { return event }
        }
        return nextHeld(into: &output)
    }

    /// Visits that go on, and events that wait: what memory is held for.
    var openVisits: Int { open.count }
    var heldEvents: Int { held.count }

    /// Makes no further events: `next` gives those that wait, then `nil`.
    public mutating func stop() { limit = 0 }

    /// Appends the first of the events that wait, whenever its time would be; `nil` where none does.
    private mutating func nextHeld(into output: inout [UInt8]) -> TrafficEvent? {
        guard let waiting = held.popMin() else { return nil }
        output += waiting.bytes
        return waiting.event
    }

    private mutating func beginVisits() {
        while slot < arrivals.to, open.next.map({ $0.time >= slot }) ?? true {
            let end = min(slot + arrivals.slotLength, arrivals.to)
            for _ in 0..<random.poisson(mean: arrivals.expected(from: slot, to: end))
            where open.count < Self.maximumOpen {
                let start = slot + Int64(random.index(below: Int(end - slot)))
                let visitor = Visitor(number: population.draw(&random), seed: plan.seed)
                open.begin(Visit(of: visitor, at: start, seed: SplitMix64.mixed(key &+ visits)))
                visits += 1
            }
            slot = end
        }
    }

    /// Writes the next event of a visit; `nil` where it is outside of the plan's span or is held back.
    private mutating func step(into output: inout [UInt8], _ stamp: Int64?) -> TrafficEvent? {
        let start = output.count
        let event = open.advance(pace: arrivals.pace) { visit -> TrafficEvent? in
            guard stamp != nil || arrivals.span.contains(visit.time) else { return nil }
            let time = stamp ?? visit.time
            let name = (SplitMix64.mixed(key ^ written), SplitMix64.mixed(~key &+ written))
            writer.write(&visit, name: name, stamp: time, to: &output)
            return TrafficEvent(time: time, visitor: visit.visitor.number, delivery: .prompt)
        }
        guard let event else { return nil }
        written += 1
        if random.chance(plan.lateShare), hold(output[start...], event, .late) {
            output.removeSubrange(start...)
            return nil
        }
        if random.chance(plan.duplicateShare) { _ = hold(output[start...], event, .duplicate) }
        return event
    }

    /// Keeps an event for later; false where too many wait already.
    private mutating func hold(
        _ bytes: ArraySlice<UInt8>, _ event: TrafficEvent, _ delivery: TrafficEvent.Delivery
    ) -> Bool {
        let delay = arrivals.delay(of: delivery, &random)
        guard held.count < Self.maximumHeld else { return false }
        var event = event
        event.delivery = delivery
        held.insert(
            HeldEvent(delivery: open.clock + delay, order: written, event: event, bytes: Array(bytes)))
        return true
    }
}

/// An event that waits to be sent.
private struct HeldEvent: Comparable, Sendable {
    let delivery: Int64
    let order: UInt64
    let event: TrafficEvent
    let bytes: [UInt8]

    static func < (left: HeldEvent, right: HeldEvent) -> Bool {
        (left.delivery, left.order) < (right.delivery, right.order)
    }

    static func == (left: HeldEvent, right: HeldEvent) -> Bool { left.order == right.order }
}

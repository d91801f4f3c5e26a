import Testing

@testable import Collector
@testable import StoreModels

/// The decisions of the spill, without any I/O, against a world in which everything may happen at any time.
struct SpillStateTests {
    @Test func aLaneSpillsUntilItsPartIsDrained() {
        var state = SpillState(lanes: [SpillLane(), SpillLane()])
        #expect(state.route([0, 1], mayWait: true) == .go(spilling: []))
        let news = [state.logFailed([0]), state.logFailed([0])]
        #expect(news == [true, false])
        #expect(state.route([0, 1], mayWait: true) == .go(spilling: [0, 1]), "the circuit is open for all")
        state.appended([0: 2, 1: 1], receivedAt: 5)
        #expect(state.nextWork() == .probe(lane: 0))
        let begun = [state.beginDrain(0), state.beginDrain(0)]
        #expect(begun == [true, false], "one drains at a time")
        #expect(state.step(0, atMost: 1) == .drain(0..<1))
        let isBack = state.drained(0, to: 1, size: 0, newest: 5)
        #expect(isBack)
        state.endDrain(0)
        // Two appends to lane 0 have not ended: it is spilling whatever is drained.
        #expect(state.route([0, 1], mayWait: true) == .go(spilling: [0, 1]))
    }

    @Test func anAppendUnderWayHoldsItsLane() {
        var state = SpillState(lanes: [SpillLane(), SpillLane()])
        _ = state.logFailed([0])
        _ = state.logAnswered()
        #expect(state.route([0, 1], mayWait: true) == .go(spilling: [0]), "behind what came first")
        state.giveUp([0])
        state.giveUp([0])
        #expect(state.route([0, 1], mayWait: true) == .go(spilling: []))
    }

    @Test func probesTakeTurns() {
        var state = SpillState(lanes: (0..<3).map { _ in SpillLane(low: 0, high: 1) }, isLogDown: true)
        let probed = (0..<4).map { _ in state.nextWork() }
        #expect(probed == [.probe(lane: 0), .probe(lane: 1), .probe(lane: 2), .probe(lane: 0)])
        var empty = SpillState(lanes: [SpillLane()], isLogDown: true)
        #expect(empty.nextWork() == .check)
        let isBack = empty.logAnswered()
        #expect(isBack)
        #expect(empty.nextWork() == .none)
    }

    @Test func newEventsWaitForTheLastOfALane() {
        var state = SpillState(lanes: [SpillLane(low: 0, high: 20)])
        _ = state.beginDrain(0)
        #expect(state.step(0, atMost: 10) == .drain(0..<10))
        #expect(state.route([0], mayWait: true) == .go(spilling: [0]), "nobody waits for a log that may be down")
        _ = state.drained(0, to: 10, size: 0, newest: 0)
        #expect(state.step(0, atMost: 10) == .drain(10..<20))
        #expect(state.route([0], mayWait: true) == .wait(lane: 0))
        #expect(state.route([0], mayWait: false) == .go(spilling: [0]))
        _ = state.drained(0, to: 20, size: 0, newest: 0)
        #expect(state.step(0, atMost: 10) == .wait, "two appends are under way")
        state.appended([0: 21], receivedAt: 0)
        #expect(state.step(0, atMost: 10) == .drain(20..<21))
        _ = state.drained(0, to: 21, size: 0, newest: 0)
        state.giveUp([0])
        #expect(state.step(0, atMost: 10) == .done)
        state.endDrain(0)
        #expect(state.route([0], mayWait: true) == .go(spilling: []))
    }

    @Test func bytesAreBounded() {
        var state = SpillState(lanes: [SpillLane()], maximumBytes: 100)
        _ = state.logFailed([0])
        let reserved = [state.reserve(60), state.reserve(41), state.reserve(40)]
        #expect(reserved == [true, false, true] && state.isFull)
        state.giveUp([], size: 40)
        #expect(state.bytes == 60 && !state.isFull)
        state.appended([0: 1], receivedAt: 0)
        _ = state.drained(0, to: 1, size: 60, newest: 0)
        #expect(state.bytes == 0 && state.records == 0 && state.oldest == nil)
    }

    @Test func nothingIsLostAndEachLanesOrderIsKept() throws {
        var random = SeededRandom.announced()
        for _ in 0..<300 {
            var world = SpillModel(lanes: Int.random(in: 1...3, using: &random))
            for _ in 0..<200 { world.step(&random) }
            let isOver = world.finish()
            #expect(isOver, "what is left drains when nothing fails any more")
            try world.check()
        }
    }
}

/// Requests, a log and a spill as plain arrays around a `SpillState`, one small step at a time.
private struct SpillModel {
    /// One request with one event a lane.
    private struct Request {
        enum Phase { case routing, direct(zombie: Bool), appending, acknowledged }
        var number: Int
        var lanes: Set<Int>
        var spilling: Set<Int> = []
        var phase = Phase.routing
        /// Requests that had been acknowledged when this one began.
        var before: Set<Int>
    }

    private var state: SpillState
    private var requests: [Request] = []
    private var acknowledged: Set<Int> = []
    private var next = 0
    /// What each lane's part of the log holds, in order; what each lane's part of the spill has ever held.
    private var log: [[Int]]
    private var spill: [[Int]]
    private var all: [Int: (lanes: Set<Int>, before: Set<Int>)] = [:]
    /// Records that may still reach the log although their request was told that they had not.
    private var zombies: [(lane: Int, number: Int)] = []
    private var draining: [Int: Range<Int64>] = [:]
    private var sessions: Set<Int> = []

    init(lanes: Int) {
        state = SpillState(lanes: (0..<lanes).map { _ in SpillLane() })
        (log, spill) = (Array(repeating: [], count: lanes), Array(repeating: [], count: lanes))
    }

    mutating func step(_ random: inout SeededRandom, fails: Bool = true) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: if fails { begin(&random) }
        case 2, 3, 4: if !requests.isEmpty { advance(Int.random(in: requests.indices, using: &random), &random, fails) }
        case 5: if !zombies.isEmpty { deliver(zombies.remove(at: Int.random(in: zombies.indices, using: &random))) }
        default: drain(Int.random(in: log.indices, using: &random), &random, fails)
        }
    }

    private mutating func begin(_ random: inout SeededRandom) {
        let lanes = Set(log.indices.filter { _ in Bool.random(using: &random) })
        guard !lanes.isEmpty else { return }
        requests.append(Request(number: next, lanes: lanes, before: acknowledged))
        next += 1
    }

    private mutating func deliver(_ record: (lane: Int, number: Int)) { log[record.lane].append(record.number) }

    private mutating func advance(_ index: Int, _ random: inout SeededRandom, _ fails: Bool) {
        var request = requests[index]
        switch request.phase {
        case .routing:
            let mayWait = Int.random(in: 0..<10, using: &random) > 0
            guard case .go(let spilling) = state.route(request.lanes, mayWait: mayWait) else { return }
            request.spilling = spilling
            request.phase = spilling == request.lanes ? .appending : .direct(zombie: false)
        case .direct:
            let direct = request.lanes.subtracting(request.spilling)
            if fails, Bool.random(using: &random) {
                // Each record was appended, or will be, or never.
                for lane in direct where Bool.random(using: &random) { zombies.append((lane, request.number)) }
                _ = state.logFailed(direct)
                (request.spilling, request.phase) = (request.lanes, .appending)
            } else {
                for lane in direct { deliver((lane, request.number)) }
                request.phase = request.spilling.isEmpty ? .acknowledged : .appending
            }
        case .appending:
            if fails, Int.random(in: 0..<8, using: &random) == 0 {
                state.giveUp(request.spilling, isFailing: true)
                requests.remove(at: index)  // 503
                return
            }
            var ends: [Int: Int64] = [:]
            for lane in request.spilling {
                spill[lane].append(request.number)
                ends[lane] = Int64(spill[lane].count)
            }
            state.appended(ends, receivedAt: Int64(request.number))
            request.phase = .acknowledged
        case .acknowledged: return
        }
        requests[index] = request
        if case .acknowledged = request.phase {
            acknowledged.insert(request.number)
            all[request.number] = (request.lanes, request.before)
            requests.remove(at: index)
        }
    }

    private mutating func drain(_ lane: Int, _ random: inout SeededRandom, _ fails: Bool) {
        if let range = draining.removeValue(forKey: lane) {
            let records = spill[lane][Int(range.lowerBound)..<Int(range.upperBound)]
            guard fails, Int.random(in: 0..<4, using: &random) == 0 else {
                log[lane] += records
                _ = state.drained(lane, to: range.upperBound, size: 0, newest: Int64(records.last ?? 0))
                return
            }
            // The log may have taken a part and not said so.
            log[lane] += records.prefix(Int.random(in: 0...records.count, using: &random))
            sessions.remove(lane)
            state.endDrain(lane)
        } else if sessions.contains(lane) {
            switch state.step(lane, atMost: Int.random(in: 1...4, using: &random)) {
            case .drain(let range): draining[lane] = range
            case .wait: break
            case .done:
                sessions.remove(lane)
                state.endDrain(lane)
            }
        } else if state.beginDrain(lane) {
            sessions.insert(lane)
        }
    }

    /// Lets everything come to its end, without failures.
    mutating func finish() -> Bool {
        var random = SeededRandom(seed: UInt64(next))
        for _ in 0..<20_000 {
            if requests.isEmpty, zombies.isEmpty, sessions.isEmpty, state.isDrained {
                let all = Set(log.indices)
                return state.route(all, mayWait: true) == .go(spilling: state.isLogDown ? all : [])
            }
            step(&random, fails: false)
        }
        return false
    }

    func check() throws {
        var first: [Int: [Int: Int]] = [:]
        for lane in log.indices {
            first[lane] = Dictionary(log[lane].enumerated().map { ($1, $0) }) { earlier, _ in earlier }
        }
        for (number, (lanes, before)) in all {
            for lane in lanes {
                let place = try #require(first[lane]?[number], "\(number) was acknowledged and is lost")
                for earlier in before where all[earlier]?.lanes.contains(lane) == true {
                    #expect((first[lane]?[earlier]).map { $0 < place } == true, "\(earlier) came before \(number)")
                }
            }
        }
    }
}

extension SpillState {
    fileprivate var isDrained: Bool { lanes.allSatisfy { !$0.isSpilling && !$0.isDraining } }
}

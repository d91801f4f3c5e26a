import Events
import Stores
import Testing

extension RollupStoreCheck {
    static let model = [
        RollupStoreCheck("random work agrees with a plain model, over reopenings and rollbacks") { fixture in
            let seed = UInt64.random(in: .min ... .max)
            var random = SeededGenerator(seed: seed)
            var model = RollupModel()
            var store = try await fixture.openProvisioned()
            for _ in 0..<80 {
                let steps = (0..<Int.random(in: 1...6, using: &random)).map { _ in RollupStep.random(&random) }
                let isKept = Int.random(in: 0..<4, using: &random) > 0
                var changed = model
                let expected = steps.map { changed.apply($0) }
                do {
                    let given = try await merge(store) { transaction in
                        var given: [UInt32?] = []
                        for step in steps { given.append(try await step.run(in: transaction)) }
                        if !isKept { throw Deliberate() }
                        return given
                    }
                    #expect(given == expected, "seed \(seed)")
                    model = changed
                } catch is Deliberate {}
                if Int.random(in: 0..<10, using: &random) == 0 {
                    await store.close()
                    store = try await fixture.open()
                }
                #expect(try await store.withReader { try await RollupModel(reading: $0) } == model, "seed \(seed)")
            }
            await store.close()
        }
    ]
}

/// What a transaction may do.
private enum RollupStep: Sendable {
    case add([RollupKey: RollupCounts])
    case addVisitors([Int], String)
    case lowerFirstDays([UInt32: PeriodNumber], String)
    case appendDeltas([RollupKey: [UInt8]])
    case compact(RollupKey, [UInt16: [UInt8]])
    case moveCursor(Int32, Int64)
    case complete(Int64)

    static func random(_ random: inout SeededGenerator) -> RollupStep {
        let keys = (0..<Int.random(in: 0...5, using: &random)).map { _ in anyKey(&random) }
        let source = ["web", "app"].randomElement(using: &random) ?? ""
        func bytes() -> [UInt8] {
            (0..<Int.random(in: 0...9, using: &random)).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        }
        switch Int.random(in: 0..<7, using: &random) {
        case 0:
            return .add(keys.reduce(into: [:]) { $0[$1] = counts(.random(in: 0...99, using: &random), 1) })
        case 1:
            return .addVisitors((0..<3).map { _ in Int.random(in: 0..<300, using: &random) }, source)
        case 2:
            return .lowerFirstDays([.random(in: 0...20, using: &random): .random(in: 0...200, using: &random)], source)
        case 3: return .appendDeltas(keys.reduce(into: [:]) { $0[$1] = bytes() })
        case 4:
            return .compact(anyKey(&random), [0: bytes(), UInt16.random(in: 1...3, using: &random): bytes()])
        case 5:
            return .moveCursor(.random(in: 0...3, using: &random), .random(in: 0...999, using: &random))
        default: return .complete(.random(in: 0...999, using: &random))
        }
    }

    static let keys = ["web", "app"].flatMap { source in
        Granularity.allCases.flatMap { granularity in
            ["", "/a", "é"].flatMap { value in [3, 4].map { key(value, $0, of: source, granularity) } }
        }
    }

    private static func anyKey(_ random: inout SeededGenerator) -> RollupKey {
        keys.randomElement(using: &random) ?? key()
    }

    /// Gives the first number where visitors were added.
    func run(in transaction: any RollupTransaction) async throws -> UInt32? {
        switch self {
        case .add(let changes): try await transaction.add(changes.map { ($0.key, $0.value) })
        case .addVisitors(let numbers, let source):
            let known = try await transaction.visitors(of: source, numbers.map(user))
            let new = Set(numbers).sorted().filter { known[user($0)] == nil }
            return try await transaction.addVisitors(users(new), to: source)
        case .lowerFirstDays(let days, let source):
            try await transaction.lowerFirstDays(days.map { ($0.key, $0.value) }, of: source)
        case .appendDeltas(let deltas): try await transaction.appendDeltas(deltas.map { ($0.key, $0.value) })
        case .compact(let key, let chunks): try await transaction.compact(key, chunks: chunks)
        case .moveCursor(let partition, let next):
            let now = try await transaction.cursors().first { $0.partition.partition == partition }
            try await transaction.moveCursors([(now, cursor(partition, next))])
        case .complete(let time):
            try await transaction.setCompleteThrough(time)
            try await transaction.raiseRevision()
        }
        return nil
    }
}

/// The same in plain Swift.
private struct RollupModel: Equatable {
    var state = RollupState(timeZone: zone, zoneRules: zoneRules, completeThrough: nil, revision: 0)
    var counts: [RollupKey: RollupCounts] = [:]
    var visitors: [String: [Digest128: VisitorRecord]] = ["web": [:], "app": [:]]
    var sets: [RollupKey: StoredSet] = [:]
    var cursors: [Int32: RollupCursor] = [:]
    var newVisitors: [String: [PeriodNumber: Int64]] = [:]

    init() {}

    /// Counted from the visitors themselves.
    private mutating func countNewVisitors() {
        newVisitors = [:]
        for (source, visitors) in visitors {
            for visitor in visitors.values { newVisitors[source, default: [:]][visitor.firstDay, default: 0] += 1 }
        }
    }

    mutating func apply(_ step: RollupStep) -> UInt32? {
        switch step {
        case .add(let changes):
            for (key, change) in changes {
                counts[key, default: RollupCounts(events: 0, visitors: 0)].events += change.events
                counts[key]?.visitors += change.visitors
            }
        case .addVisitors(let numbers, let source):
            defer { countNewVisitors() }
            return addVisitors(numbers, source)
        case .lowerFirstDays(let days, let source):
            visitors[source] = visitors[source]?.mapValues { visitor in
                VisitorRecord(
                    number: visitor.number, firstDay: min(visitor.firstDay, days[visitor.number] ?? visitor.firstDay))
            }
            countNewVisitors()
        case .appendDeltas(let deltas):
            for (key, delta) in deltas { sets[key, default: StoredSet()].deltas.append(delta) }
        case .compact(let key, let chunks):
            sets[key, default: StoredSet()].chunks.merge(chunks) { $1 }
            sets[key]?.deltas = []
        case .moveCursor(let partition, let next): cursors[partition] = cursor(partition, next)
        case .complete(let time):
            state.completeThrough = max(state.completeThrough ?? time, time)
            state.revision += 1
        }
        return nil
    }

    private mutating func addVisitors(_ numbers: [Int], _ source: String) -> UInt32 {
        let first = UInt32(visitors[source]?.count ?? 0)
        for number in Set(numbers).sorted() where visitors[source]?[user(number)] == nil {
            let next = UInt32(visitors[source]?.count ?? 0)
            visitors[source]?[user(number)] = VisitorRecord(number: next, firstDay: 100)
        }
        return first
    }

    init(reading reader: any RollupReader) async throws {
        state = try await reader.state()
        for key in RollupStep.keys where key.source == "web" {
            let rows = try await reader.counts(
                key.granularity, periods: key.period...key.period, sources: nil, dimension: key.dimension,
                value: key.value)
            for row in rows { counts[row.key] = row.counts }
        }
        for source in ["web", "app"] {
            visitors[source] = try await reader.visitors(of: source, (0..<300).map(user))
        }
        sets = try await reader.sets(RollupStep.keys)
        for new in try await reader.newVisitors(days: -1000...1000, sources: nil) {
            newVisitors[new.source, default: [:]][new.day] = new.visitors
        }
        for cursor in try await reader.cursors() { cursors[cursor.partition.partition] = cursor }
    }
}

import Events
import Stores
import TestSupport
import Testing

@testable import EmbeddedStores

/// The raw store and its index of seen ids against a dictionary.
@Suite("Embedded raw events: model")
struct EmbeddedRawModelTests {
    /// With capacities this small, filling, draining, swapping and reopening in between happen all the time.
    @Test("random inserts and reopenings agree with a plain model", arguments: [1, 4, 23, 400_000])
    func agrees(capacity: Int) async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("embedded raw model, capacity \(capacity): seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let clock = TestClock(1_000)
        // 16 hashes for 400 ids: most look-ups meet a stranger.
        let options = SeenIndex.Options(
            capacity: capacity, generationSpan: 5, now: clock.now,
            hash: { _, id in Int64(id.utf8.reduce(0) { $0 + Int($1) } % 16) })
        try await TemporaryDirectory.with { directory in
            let path = "\(directory.path)/raw.db"
            var model = RawModel()
            let partition = PartitionEpoch.first
            var store = try EmbeddedRawEventStore(path: path, options)
            for round in 0..<150 * longFactor {
                let batch = (0..<Int.random(in: 0...30, using: &random)).map { _ in model.anyEvent(&random) }
                let expected = batch.map { model.insert($0, at: clock.now()) }
                let given = try await store.insert(batch)
                try #require(given == expected, "seed \(seed), round \(round)")
                clock.advance(by: Int64.random(in: 0...2, using: &random))
                if Int.random(in: 0..<4, using: &random) == 0 {
                    let (cutoff, bound) = (clock.now() - 40, Int64.random(in: 0...model.next, using: &random))
                    let limit = Int.random(in: 1...40, using: &random)
                    let expired = try await store.expire(before: cutoff, below: [partition: bound], atMost: limit)
                    try #require(
                        expired.events == model.expire(before: cutoff, below: bound, atMost: limit), "seed \(seed)")
                }
                if Int.random(in: 0..<6, using: &random) == 0 {
                    await store.close()
                    store = try EmbeddedRawEventStore(path: path, options)
                }
                let asked = model.anyEvent(&random)
                let found = try await store.event(source: asked.source, eventID: asked.eventID)
                try #require(found?.position == model.stored[asked.id]?.position, "seed \(seed), round \(round)")
            }
            let window = OffsetWindow(partition: .first, offsets: 0..<Int64.max)
            let all = try await store.withConsistentReader { try await $0.events(in: window) }
            #expect(model.expired > 0, "nothing has expired: seed \(seed)")
            #expect(all.map(\.offset) == model.stored.values.map(\.position.offset).sorted(), "seed \(seed)")
            await store.close()
        }
    }
}

/// The same in plain Swift.
private struct RawModel {
    var stored: [String: RawEvent] = [:]
    private var taken: [Position: String] = [:]
    private var storedAt: [Position: Int64] = [:]
    private(set) var next: Int64 = 0
    private(set) var expired = 0

    init() {}

    /// A new event, an old one again, or another at an old one's place.
    mutating func anyEvent(_ random: inout SeededGenerator) -> RawEvent {
        let id = "e\(Int.random(in: 0..<400, using: &random))"
        let payload = UInt64.random(in: 0..<2, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .sample(id, at: Int64.random(in: 0...max(0, next), using: &random), payload: payload)
        case 1, 2:
            if let known = stored.values.sorted(by: { $0.position < $1.position }).randomElement(using: &random) {
                return known
            }
        default: break
        }
        next += 1
        return .sample(id, at: next, payload: payload)
    }

    /// Drops the first events up to one that is young or needed.
    mutating func expire(before cutoff: Int64, below bound: Int64, atMost limit: Int) -> Int {
        let gone = storedAt.sorted { $0.key < $1.key }
            .prefix { $0.value < cutoff && $0.key.offset < bound }.prefix(limit)
        for (position, _) in gone {
            stored[taken.removeValue(forKey: position)!] = nil
            storedAt[position] = nil
        }
        expired += gone.count
        return gone.count
    }

    mutating func insert(_ event: RawEvent, at time: Int64) -> InsertVerdict {
        if let known = stored[event.id] {
            if known.position == event.position { return .stored }
            return known.payloadHash == event.payloadHash
                ? .duplicate(of: known.position) : .conflict(with: known.position)
        }
        guard taken[event.position] == nil else { return .refused(reason: "another event is stored at its position") }
        taken[event.position] = event.id
        storedAt[event.position] = time
        stored[event.id] = event
        return .stored
    }
}

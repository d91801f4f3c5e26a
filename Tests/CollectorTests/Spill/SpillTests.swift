import EmbeddedStores
import Foundation
import Stores
import Testing

@testable import Collector
@testable import StoreModels

/// The spill over real logs.
struct SpillTests {
    private func expect(
        _ code: EventLogError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
    ) async {
        do {
            try await body()
            Issue.record("no error, expected \(code)", sourceLocation: sourceLocation)
        } catch {
            #expect((error as? EventLogError)?.code == code, "\(error)", sourceLocation: sourceLocation)
        }
    }

    @Test func withAHealthyLogNothingIsSpilled() async throws {
        try await SpillWorld.with { world in
            let spilled = try await world.append([("a", "1"), ("b", "2")])
            #expect(spilled == [])
            #expect(try await world.values(of: "a") == ["1"])
            #expect(world.spill.state.records == 0 && world.store.calls == 0)
        }
    }

    @Test(arguments: [EventLogError.Code.unreachable, .timedOut, .unknownTopic, .notAuthorized, .other])
    func anOutageSpillsAndIsAskedAboutOnce(code: EventLogError.Code) async throws {
        try await SpillWorld.with { world in
            world.kafka.set(.down(code))
            let spilled = try await world.append([("a", "1"), ("b", "2")])
            #expect(spilled == [0, 1])
            #expect(try await world.append([("c", "3")]) == [0])
            #expect(world.kafka.calls == 1, "nobody waits for a log that is known to be down")
            #expect(world.spill.state.records == 3 && world.spill.state.oldest == noon)
            #expect(try await world.logged().isEmpty)
        }
    }

    @Test(arguments: [EventLogError.Code.queueFull, .messageTooLarge, .closed, .invalidConfiguration])
    func whatIsNoOutageIsThrown(code: EventLogError.Code) async throws {
        try await SpillWorld.with { world in
            world.kafka.set(.down(code))
            await expect(code) { try await world.append([("a", "1")]) }
            #expect(world.spill.state.records == 0 && !world.spill.state.isLogDown)
            world.kafka.set(.none)
            let spilled = try await world.append([("a", "2")])
            #expect(spilled == [])
        }
    }

    @Test func aDrainedRecordIsWhatItWouldHaveBeen() async throws {
        try await SpillWorld.with(partitions: 7) { world in
            let records = (0..<40).map { number in
                LoggedRecord(
                    key: "user \(number % 9)", value: "value \(number)",
                    headers: [(.eventID, "e\(number)"), (.source, "web"), (.source, "")],
                    timestamp: noon + Int64(number), partition: -1)
            }
            _ = try await world.kafka.base.produce(RecordBatch(records), to: .userEvents)
            let expected = try await world.logged()
            for lane in 0..<7 as Range<Int32> {
                let extent = try await world.kafka.base.watermarks(of: .userEvents, partitions: [lane])[lane]
                try await world.kafka.base.trim(.userEvents, lane, below: extent?.high ?? 0)
            }
            world.kafka.set(.down(.unreachable))
            #expect(try await world.spill.append(RecordBatch(records)).count == 40)
            world.kafka.set(.none)
            try await world.drain()
            let found = try await world.logged()
            #expect(found.count == 40)
            for (found, expected) in zip(found, expected) {
                #expect(found.partition == expected.partition && found.timestamp == expected.timestamp)
                #expect(found.key == expected.key && found.value == expected.value && found.headers == expected.headers)
            }
            #expect(world.spill.state.records == 0 && world.spill.state.bytes == 0)
        }
    }

    @Test func aPartitionWithoutALeaderHoldsUpItsOwnEventsOnly() async throws {
        try await SpillWorld.with { world in
            let (good, stuck) = (user(in: 1, of: 4), user(in: 2, of: 4))
            world.kafka.set(.leaderless([2]))
            #expect(try await world.append([(good, "1"), (stuck, "1")]) == [0, 1])
            try await world.withService {
                try await eventually("the good lane is drained") { world.spill.state.lanes[1].depth == 0 }
                try await eventually("the log is back for it") { try await world.append([(good, "x")]).isEmpty }
                #expect(try await world.append([(good, "2"), (stuck, "2")]) == [1], "each goes its own way")
                #expect(try await world.values(of: stuck).isEmpty)
                world.kafka.set(.none)
                try await eventually("all is drained") { world.spill.state.records == 0 }
                #expect(try await world.values(of: stuck) == ["1", "2"])
            }
        }
    }

    @Test func aRestartGoesOnWhereverTheLogIs() async throws {
        try await SpillWorld.with { world in
            world.kafka.set(.down(.timedOut))
            try await world.append((0..<50).map { ("u\($0 % 5)", "\($0)") }, at: noon - 7)
            try await world.restart { world in
                #expect(world.spill.state.isLogDown && world.spill.state.records == 50)
                #expect(world.spill.state.oldest == noon - 7 && world.spill.state.bytes > 0)
                try await world.append([("u0", "50")])
                world.kafka.set(.none)
                try await world.restart { world in
                    #expect(!world.spill.state.isLogDown && world.spill.state.records == 51)
                    #expect(try await world.append([("u0", "51")]) == [0], "behind those that wait")
                    try await world.withService {
                        try await eventually("all is drained") { world.spill.state.records == 0 }
                    }
                    let expected = stride(from: 0, through: 50, by: 5).map { "\($0)" } + ["51"]
                    #expect(try await world.values(of: "u0") == expected)
                    #expect(try await world.append([("u0", "52")]) == [])
                }
            }
        }
    }

    @Test func aSpillMadeWithoutALogServesAnyNumberOfPartitions() async throws {
        try await SpillWorld.with(partitions: 5) { world in
            world.kafka.set(.down(.unreachable))
            try FileManager.default.removeItem(atPath: "\(world.path)/spill.db")
            try await world.restart { world in
                #expect(world.spill.laneCount == 24, "as the contract has it")
                try await world.append((0..<60).map { ("u\($0 % 6)", "\($0)") })
                world.kafka.set(.none)
                try await world.drain()
                for user in 0..<6 {
                    #expect(
                        try await world.values(of: "u\(user)") == stride(from: user, to: 60, by: 6).map { "\($0)" })
                }
            }
        }
    }

    @Test func nothingLeavesTheSpillBeforeTheLogHasAcknowledgedIt() async throws {
        try await SpillWorld.with { world in
            world.kafka.set(.down(.timedOut))
            try await world.append([("a", "1"), ("a", "2")])
            world.kafka.set(.silent)
            await expect(.timedOut) { try await world.drain() }
            #expect(world.spill.state.records == 2)
            world.kafka.set(.none)
            try await world.drain()
            #expect(try await world.values(of: "a") == ["1", "2", "1", "2"], "twice, which deduplication absorbs")
        }
    }

    @Test func whatCannotBeDroppedIsDroppedLaterAndNotSentAgain() async throws {
        try await SpillWorld.with { world in
            world.kafka.set(.down(.timedOut))
            try await world.append([("a", "1")])
            world.kafka.set(.none)
            world.store.failTrim(true)
            try await world.drain()
            #expect(world.spill.state.records == 0 && !world.spill.state.untrimmed.isEmpty)
            #expect(try await world.append([("a", "2")]) == [])
            world.store.failTrim(false)
            await SpillService(world.spill, now: { noon }).tend()
            #expect(world.spill.state.isIdle)
            #expect(try await SpillWorld.all(world.store.base, .userEvents).isEmpty)
            #expect(try await world.values(of: "a") == ["1", "2"])
        }
    }

    @Test func aSpillThatIsFullRefusesAndRecovers() async throws {
        try await SpillWorld.with(maximumBytes: 1 << 20) { world in
            world.kafka.set(.down(.unreachable))
            let value = String(repeating: "x", count: 200_000)
            for _ in 0..<5 { try await world.append([("a", value)]) }
            await expect(.unreachable) { try await world.append([("a", value)]) }
            #expect(world.spill.state.records == 5)
            world.kafka.set(.none)
            try await world.drain()
            #expect(try await world.append([("a", "after")]) == [])
            #expect(try await world.values(of: "a").count == 6)
        }
    }

    @Test func aDiskThatIsNearlyFullIsNotFilledAndCanStillBeDrained() async throws {
        try await SpillWorld.with { world in
            world.kafka.set(.down(.unreachable))
            try await world.append([("a", "1")])
            world.disk.set(hasRoom: false)
            await expect(.unreachable) { try await world.append([("a", "2")]) }
            world.kafka.set(.none)
            try await world.drain()
            #expect(try await world.append([("a", "3")]) == [])
            #expect(try await world.values(of: "a") == ["1", "3"])
            #expect(world.spill.state.isIdle)
            await SpillService(world.spill, now: { noon }).tend()
            #expect(world.spill.state.peak == 0, "little room is given back, however small the spill was")
        }
    }

    @Test func aSpillThatFailsRefusesAndRecovers() async throws {
        try await SpillWorld.with { world in
            world.kafka.set(.down(.unreachable))
            world.store.set(.down(.unreachable))
            await expect(.unreachable) { try await world.append([("a", "1")]) }
            #expect(world.spill.state.isFailing && world.spill.state.bytes == 0)
            world.store.set(.none)
            #expect(try await world.append([("a", "2")]) == [0])
            #expect(!world.spill.state.isFailing)
            world.kafka.set(.none)
            try await world.drain()
            #expect(try await world.values(of: "a") == ["2"])
        }
    }

    @Test func aRecordThatTheLogRefusesForGoodHoldsUpNobody() async throws {
        try await SpillWorld.with(partitions: 1) { world in
            world.kafka.set(.down(.unreachable))
            let large = String(repeating: "x", count: 2_000)
            try await world.append([("a", "1"), ("a", large), ("a", "2")])
            world.kafka.set(.limited(1_000))
            try await world.drain()
            #expect(try await world.values(of: "a") == ["1", "2"])
            let aside = try await SpillWorld.all(world.store.base, Spill.refused)
            #expect(aside.map { String(decoding: $0.value, as: UTF8.self) } == [large])
            var result = await world.spill.drainAll { _, _ in }
            #expect(result.drained == 0 && result.refused == 1 && result.left == 0)
            world.kafka.set(.none)
            result = await world.spill.drainAll { _, _ in }
            #expect(result.drained == 1 && result.refused == 0 && result.failure == nil)
            #expect(try await world.values(of: "a") == ["1", "2", large])
        }
    }

    @Test func requestsWaitForTheLastOfALaneAndThenGoToTheLog() async throws {
        try await SpillWorld.with(partitions: 1) { world in
            world.kafka.set(.down(.unreachable))
            try await world.append((0..<40).map { ("a", "\($0)") })
            world.kafka.set(.none)
            try await world.spill.drain(0, batches: 1)
            world.kafka.hold()
            async let drained: Void = world.spill.drain(0)
            try await eventually("the first batch is on its way") { world.kafka.held == 1 }
            #expect(try await world.append([("a", "40")]) == [0], "nobody waits before the log has shown that it works")
            world.kafka.release()
            try await drained
            #expect(try await world.append([("a", "41")]) == [])
            #expect(try await world.values(of: "a") == (0...41).map { "\($0)" })
        }
    }

    @Test func theFileDoesNotGrowWithoutEnd() async throws {
        try await SpillWorld.with { world in
            var sizes: [Int] = []
            let value = String(repeating: "x", count: 1_000)
            for round in 0..<6 {
                world.kafka.set(.down(.unreachable))
                for part in 0..<4 {
                    try await world.append((0..<500).map { ("u\(round).\(part).\($0)", value) })
                }
                world.kafka.set(.none)
                try await world.drain()
                sizes.append(try size(of: world.path))
            }
            #expect(sizes[0] > 2_000_000)
            #expect(sizes[5] <= sizes[0] * 5 / 4, "drained pages are used again: \(sizes)")
            try await world.store.compact()
            #expect(try size(of: world.path) < 300_000, "an empty spill gives its room back")
            world.kafka.set(.down(.unreachable))
            #expect(try await world.append([("a", "1")]) == [0], "and works on")
        }
    }

    private func size(of directory: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: directory).reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
            return sum + (attributes[.size] as? Int ?? 0)
        }
    }
}

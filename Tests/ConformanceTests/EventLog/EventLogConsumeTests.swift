import Stores
import Testing

/// What every `EventLog` does for one member of a group.
@Suite("EventLog: one consumer") struct EventLogConsumeTests {
    @Test("fetching starts at the assigned offsets, in order, each record once", arguments: EventLogEngine.all)
    func assign(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 2]) { _, log in
            _ = try await log.produce(RecordBatch("a", 500, partition: 0), to: .checked)
            _ = try await log.produce(RecordBatch("b", 20, partition: 1), to: .checked)
            let consumer = try await log.consumer(group: "assign", topic: .checked)
            #expect(try await consumer.awaitAssignment() == [0, 1])
            #expect(try await consumer.drain().isEmpty, "nothing is fetched before `assign`")
            try await consumer.assign([0: 123, 1: 20])
            let found = try await consumer.take(377, max: 50)
            #expect(found.map(\.place) == (123..<500).map { LogOffset(partition: 0, offset: $0) })
            #expect(found.first?.value == Array("a123".utf8))
            // Redelivery: the same again, and the other partition from its start.
            try await consumer.assign([0: 490, 1: 0])
            let again = try await consumer.take(30)
            #expect(again.filter { $0.place.partition == 0 }.map(\.place.offset) == Array(490..<500))
            #expect(again.filter { $0.place.partition == 1 }.map(\.place.offset) == Array(0..<20))
            await consumer.close()
        }
    }

    @Test("a call takes no more than it may, and no longer", arguments: EventLogEngine.all)
    func limits(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 1]) { _, log in
            _ = try await log.produce(RecordBatch("a", 100), to: .checked)
            let consumer = try await log.consumer(group: "limits", topic: .checked)
            _ = try await consumer.awaitAssignment()
            try await consumer.assign([0: 0])
            var sizes: [Int] = []
            try await eventually("all arrive") {
                if case .records(let batch) = try await consumer.next(max: 7, wait: .milliseconds(100)) {
                    sizes.append(batch.count)
                }
                return sizes.reduce(0, +) == 100
            }
            #expect(sizes.allSatisfy { $0 <= 7 })
            let start = ContinuousClock.now
            guard case .records(let none) = try await consumer.next(max: 7, wait: .milliseconds(250)) else {
                Issue.record("news that nobody expected")
                return
            }
            #expect(none.isEmpty)
            #expect((.milliseconds(200)...(.seconds(5))).contains(ContinuousClock.now - start))
            await consumer.close()
        }
    }

    @Test("pause and resume lose nothing and repeat nothing", arguments: EventLogEngine.all)
    func pause(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 2]) { _, log in
            _ = try await log.produce(RecordBatch("a", 2_000, partition: 0), to: .checked)
            _ = try await log.produce(RecordBatch("b", 2_000, partition: 1), to: .checked)
            let consumer = try await log.consumer(group: "pause", topic: .checked)
            _ = try await consumer.awaitAssignment()
            try await consumer.assign([0: 0, 1: 0])
            try await consumer.resume([0])  // harmless: it is not paused
            var found: [Int32: [Int64]] = [:]
            var round = 0
            try await eventually("all arrive") {
                round += 1
                let paused = Int32(round % 2)
                try await consumer.pause([paused])
                try await consumer.pause([paused])
                for _ in 0..<2 {
                    guard case .records(let batch) = try await consumer.next(max: 60, wait: .milliseconds(50)) else {
                        continue
                    }
                    for place in batch.places {
                        #expect(place.partition != paused)
                        found[place.partition, default: []].append(place.offset)
                    }
                }
                try await consumer.resume([0, 1])  // the other one is not paused: harmless
                return found.values.reduce(0) { $0 + $1.count } >= 4_000
            }
            for place in try await consumer.drain().map(\.place) { found[place.partition]?.append(place.offset) }
            #expect(found == [0: Array(0..<2_000), 1: Array(0..<2_000)])
            await consumer.close()
        }
    }

    @Test("a paused partition goes on after `assign`", arguments: EventLogEngine.all)
    func pauseEndsWithAssign(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 1]) { _, log in
            _ = try await log.produce(RecordBatch("a", 10), to: .checked)
            let consumer = try await log.consumer(group: "pause", topic: .checked)
            _ = try await consumer.awaitAssignment()
            try await consumer.assign([0: 0])
            try await consumer.pause([0])
            #expect(try await consumer.drain().isEmpty)
            try await consumer.assign([0: 4])
            #expect(try await consumer.take(6).map(\.place.offset) == Array(4..<10))
            await consumer.close()
        }
    }

    @Test("a commit is seen by everybody, and only there", arguments: EventLogEngine.all)
    func commit(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 3]) { fixture, log in
            _ = try await log.produce(RecordBatch("a", 10, partition: 1), to: .checked)
            let other = try await fixture.open()
            #expect(try await other.committed(group: "commit", topic: .checked, partitions: [0, 1, 2]).isEmpty)
            let consumer = try await log.consumer(group: "commit", topic: .checked)
            _ = try await consumer.awaitAssignment()
            try await consumer.assign([0: 0, 1: 0, 2: 0])
            _ = try await consumer.take(10)
            try await consumer.commit([1: 7, 2: 0])
            #expect(
                try await other.committed(group: "commit", topic: .checked, partitions: [0, 1, 2]) == [1: 7, 2: 0])
            try await consumer.commit([1: 10])
            #expect(try await other.committed(group: "commit", topic: .checked, partitions: [1]) == [1: 10])
            #expect(try await other.committed(group: "another", topic: .checked, partitions: [1]).isEmpty)
            await consumer.close()
            await expectLogError(.closed) { try await consumer.commit([1: 3]) }
        }
    }

    @Test("what is no longer in the log makes the position uncertain", arguments: EventLogEngine.all)
    func truncated(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 1]) { fixture, log in
            _ = try await log.produce(RecordBatch("a", 10), to: .checked)
            guard try await fixture.truncate(.checked, log) else { return }
            let extent = try #require(try await log.watermarks(of: .checked, partitions: [0])[0])
            #expect(extent.low > 0)
            let consumer = try await log.consumer(group: "truncated", topic: .checked)
            _ = try await consumer.awaitAssignment()
            try await consumer.assign([0: 0])
            #expect(try await consumer.awaitUncertainty() == [0])
            try await consumer.assign([0: extent.high - 1])
            #expect(try await consumer.take(1).map(\.place.offset) == [extent.high - 1])
            await consumer.close()
        }
    }

    @Test("a position beyond the end is uncertain", arguments: EventLogEngine.all)
    func beyondTheEnd(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 2]) { _, log in
            _ = try await log.produce(RecordBatch("a", 3, partition: 1), to: .checked)
            let consumer = try await log.consumer(group: "beyond", topic: .checked)
            _ = try await consumer.awaitAssignment()
            try await consumer.assign([0: 0, 1: 50])
            #expect(try await consumer.awaitUncertainty() == [1])
            await consumer.close()
        }
    }

    /// The new log has more records than the old one had: no offset tells that it is another.
    @Test("a recreated log makes all positions uncertain", arguments: EventLogEngine.all)
    func recreated(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 2]) { fixture, log in
            _ = try await log.produce(RecordBatch("old", 10, partition: 0), to: .checked)
            let consumer = try await log.consumer(group: "recreated", topic: .checked)
            _ = try await consumer.awaitAssignment()
            try await consumer.assign([0: 0, 1: 0])
            #expect(try await consumer.take(10).count == 10)
            try await fixture.recreate()
            let writer = try await fixture.open()
            _ = try await writer.produce(RecordBatch("new", 30, partition: 0), to: .checked)
            try await restart(consumer, at: [0: 0, 1: 0])
            let found = try await consumer.take(30)
            #expect(found.map { String(decoding: $0.value, as: UTF8.self) } == (0..<30).map { "new\($0)" })
            await consumer.close()
        }
    }

    /// Answers the news of a recreated log: first that positions are uncertain (or that the group begins anew).
    private func restart(_ consumer: any EventConsumer, at starts: [Int32: Int64]) async throws {
        var isTold = false
        try await eventually("positions become uncertain") {
            switch try await consumer.next(max: 100, wait: .milliseconds(200)) {
            case .positionsUncertain, .assigned:
                try await consumer.assign(starts)
                isTold = true
            case .revoked: try await consumer.unassign()
            case .records(let batch): #expect(batch.isEmpty, "records of the new log at the old log's position")
            }
            return isTold
        }
    }
}

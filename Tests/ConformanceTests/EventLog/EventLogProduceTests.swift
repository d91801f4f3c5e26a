import Stores
import Testing

/// What every `EventLog` does with records that are appended.
@Suite("EventLog: produce and read") struct EventLogProduceTests {
    @Test("bytes, headers and timestamps come back as they were", arguments: EventLogEngine.all)
    func bytes(_ engine: EventLogEngine) async throws {
        let sent = [
            PlainRecord(key: [0, 255, 128, 10], value: [0, 1, 2, 255], timestamp: 1_234_567_890_123),
            PlainRecord(key: nil, value: Array("no key".utf8)),
            PlainRecord(key: Array("empty value".utf8), value: []),
            PlainRecord(key: [], value: Array("empty key".utf8)),
            PlainRecord(
                key: Array("headers".utf8), value: [1],
                headers: [
                    [Array("a".utf8), [0, 255]], [Array("a".utf8), Array("again".utf8)], [Array("b".utf8), []],
                    [Array("ключ".utf8), Array("значение".utf8)],
                ]),
            PlainRecord(key: Array("last".utf8), value: [UInt8](repeating: 7, count: 100_000)),
        ]
        try await engine.check([.checked: 1]) { _, log in
            let places = try await log.produce(RecordBatch(sent), to: .checked)
            #expect(places == (0..<6).map { LogOffset(partition: 0, offset: $0) })
            let found = try await log.records(at: places, in: .checked).plain
            let expected = zip(sent, places).map { record, place in
                var record = record
                record.place = place
                return record
            }
            #expect(found == expected)
        }
    }

    @Test("an empty batch is appended at once", arguments: EventLogEngine.all)
    func empty(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 1]) { _, log in
            let places = try await log.produce(RecordBatch(), to: .checked)
            #expect(places.isEmpty)
            let extents = try await log.watermarks(of: .checked, partitions: [0])
            #expect(extents == [0: Watermarks(low: 0, high: 0)])
        }
    }

    /// The first are the vectors of Kafka's own Java tests; the partition is the hash without its sign bit, modulo.
    @Test("a key's partition is the one that Java clients choose", arguments: EventLogEngine.all)
    func partitions(_ engine: EventLogEngine) async throws {
        let hashes: [(String, Int32)] = [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971), ("abc", 479_470_107),
        ]
        try await engine.check([.checked: 24]) { _, log in
            for value in 0..<3 as Range<UInt8> {
                let records = hashes.map { PlainRecord(key: Array($0.0.utf8), value: [value]) }
                let places = try await log.produce(RecordBatch(records), to: .checked)
                #expect(places.map(\.partition) == hashes.map { ($0.1 & Int32.max) % 24 })
            }
        }
    }

    @Test("a partition that is asked for is the one", arguments: EventLogEngine.all)
    func wantedPartition(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 4]) { _, log in
            let places = try await log.produce(RecordBatch("x", 50, partition: 3), to: .checked)
            #expect(places == (0..<50).map { LogOffset(partition: 3, offset: $0) })
        }
    }

    @Test("10,000 records in one call, each at a place of its own, in order", arguments: EventLogEngine.all)
    func many(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 8]) { _, log in
            let batch = RecordBatch("many", 10_000)
            let places = try await log.produce(batch, to: .checked)
            #expect(Set(places).count == 10_000)
            var last: [Int32: Int64] = [:]
            for place in places {
                #expect(place.offset == last[place.partition, default: -1] + 1)
                last[place.partition] = place.offset
            }
            let sample = stride(from: 0, to: 10_000, by: 997)
            let found = try await log.records(at: sample.map { places[$0] }, in: .checked).plain
            let expected = Dictionary(uniqueKeysWithValues: sample.map { (places[$0], Array("many\($0)".utf8)) })
            #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.place, $0.value) }) == expected)
        }
    }

    @Test("calls side by side do not mix their places up", arguments: EventLogEngine.all)
    func sideBySide(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 3]) { _, log in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<20 {
                    group.addTask {
                        let batch = RecordBatch("task\(task).", 100)
                        let places = try await log.produce(batch, to: .checked)
                        let found = try await log.records(at: [places[0], places[99]], in: .checked).plain
                        let values = found.sorted { $0.value.count < $1.value.count }.map {
                            String(decoding: $0.value, as: UTF8.self)
                        }
                        #expect(values == ["task\(task).0", "task\(task).99"])
                    }
                }
                try await group.waitForAll()
            }
            let extents = try await log.watermarks(of: .checked, partitions: [0, 1, 2])
            #expect(extents.values.reduce(0) { $0 + $1.high } == 2_000)
        }
    }

    @Test("a record that is too large is refused, and what follows is not", arguments: EventLogEngine.all)
    func tooLarge(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 1]) { _, log in
            let large = PlainRecord(key: nil, value: [UInt8](repeating: 1, count: engine.tooLarge))
            await expectLogError(.messageTooLarge) { _ = try await log.produce(RecordBatch([large]), to: .checked) }
            let places = try await log.produce(RecordBatch("x", 1), to: .checked)
            #expect(places.count == 1)
        }
    }

    @Test("watermarks and single records, also of places that hold none", arguments: EventLogEngine.all)
    func places(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 3]) { _, log in
            _ = try await log.produce(RecordBatch("a", 5, partition: 0), to: .checked)
            _ = try await log.produce(RecordBatch("b", 7, partition: 2), to: .checked)
            let extents = try await log.watermarks(of: .checked, partitions: [0, 1, 2])
            #expect(
                extents == [
                    0: Watermarks(low: 0, high: 5), 1: Watermarks(low: 0, high: 0), 2: Watermarks(low: 0, high: 7),
                ])
            let wanted = [(0, 4), (0, 5), (1, 0), (2, 6), (2, 0), (2, 99)].map {
                LogOffset(partition: $0.0, offset: $0.1)
            }
            let found = try await log.records(at: wanted, in: .checked).plain
            let values = Dictionary(
                uniqueKeysWithValues: found.map { ($0.place, String(decoding: $0.value, as: UTF8.self)) })
            #expect(values == [wanted[0]: "a4", wanted[3]: "b6", wanted[4]: "b0"])
            #expect(try await log.records(at: [], in: .checked).isEmpty)
            // Again: a partition that has been read can be read once more.
            #expect(try await log.records(at: [wanted[0]], in: .checked).count == 1)
        }
    }

    @Test("topics that do not exist are not made by asking", arguments: EventLogEngine.all)
    func unknownTopic(_ engine: EventLogEngine) async throws {
        let unknown = Topic(rawValue: "no-such-topic")
        try await engine.check([.checked: 5]) { _, log in
            let count = try await log.partitionCount(of: .checked)
            #expect(count == 5)
            for _ in 0..<2 {
                await expectLogError(.unknownTopic) { _ = try await log.partitionCount(of: unknown) }
                await expectLogError(.unknownTopic) { _ = try await log.produce(RecordBatch("x", 1), to: unknown) }
                await expectLogError(.unknownTopic) { _ = try await log.consumer(group: "g", topic: unknown) }
            }
        }
    }

    @Test("provisioning leaves what is there, and says what became of the rest", arguments: EventLogEngine.all)
    func provision(_ engine: EventLogEngine) async throws {
        let new = Topic(rawValue: "provisioned")
        try await engine.check([.checked: 5]) { _, log in
            let outcome = try await log.provision([
                TopicDefinition(name: Topic.checked.rawValue, partitions: 9, replicationFactor: 1, configuration: [:]),
                TopicDefinition(name: new.rawValue, partitions: 2, replicationFactor: 1, configuration: [:]),
            ])
            #expect(outcome[Topic.checked.rawValue] == .existed(partitions: 5))
            if engine.createsTopics {
                #expect(outcome[new.rawValue] == .created)
                #expect(try await log.partitionCount(of: new) == 2)
            } else {
                guard case .failed = outcome[new.rawValue] else {
                    Issue.record("\(String(describing: outcome[new.rawValue]))")
                    return
                }
            }
        }
    }

    @Test("a closed log refuses, and closing twice is harmless", arguments: EventLogEngine.all)
    func closed(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 1]) { _, log in
            _ = try await log.produce(RecordBatch("x", 1), to: .checked)
            await log.close()
            await log.close()
            await expectLogError(.closed) { _ = try await log.produce(RecordBatch("x", 1), to: .checked) }
            await expectLogError(.closed) { _ = try await log.watermarks(of: .checked, partitions: [0]) }
            await expectLogError(.closed) { _ = try await log.consumer(group: "g", topic: .checked) }
            await expectLogError(.closed) { try await log.checkHealth() }
        }
    }

    @Test("an unreachable log is reported, and works again when it is back", arguments: EventLogEngine.all)
    func unreachable(_ engine: EventLogEngine) async throws {
        try await engine.check([.checked: 1]) { fixture, log in
            _ = try await log.produce(RecordBatch("before", 1), to: .checked)
            try await log.checkHealth()
            guard try await fixture.setReachable(false) else { return }
            await expectLogError(.unreachable, .timedOut) { try await log.checkHealth() }
            await expectLogError(.unreachable, .timedOut) {
                _ = try await log.produce(RecordBatch("during", 1), to: .checked)
            }
            _ = try await fixture.setReachable(true)
            try await eventually("the log is healthy again") { (try? await log.checkHealth()) != nil }
            try await eventually("records are taken again") {
                (try? await log.produce(RecordBatch("after", 1), to: .checked)) != nil
            }
        }
    }
}

/// Expects an error with one of these codes.
func expectLogError(
    _ codes: EventLogError.Code..., sourceLocation: SourceLocation = #_sourceLocation,
    from body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("no error, expected one of \(codes)", sourceLocation: sourceLocation)
    } catch let error as EventLogError {
        #expect(codes.contains(error.code), "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}

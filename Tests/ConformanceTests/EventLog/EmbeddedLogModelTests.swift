import Stores
import TestSupport
import Testing

@testable import EmbeddedStores

/// The embedded log against arrays.
@Suite("Embedded log: model")
struct EmbeddedLogModelTests {
    private static let partitions: Int32 = 3

    @Test("random appends, trims, commits and reopenings agree with a plain model")
    func agrees() async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("embedded log model: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        try await TemporaryDirectory.with { directory in
            let path = "\(directory.path)/log.db"
            var log = try EmbeddedLog(path: path)
            _ = try await log.provision([
                TopicDefinition(
                    name: Topic.checked.rawValue, partitions: Int(Self.partitions), replicationFactor: 1,
                    configuration: [:])
            ])
            var model = LogModel(partitions: Int(Self.partitions))
            for round in 0..<120 * longFactor {
                let partition = Int32.random(in: 0..<Self.partitions, using: &random)
                switch Int.random(in: 0..<9, using: &random) {
                case 0:
                    await log.close()
                    log = try EmbeddedLog(path: path)
                case 1:
                    let low = Int64.random(
                        in: model.extents[partition]!.low...model.extents[partition]!.high, using: &random)
                    try await log.trim(.checked, partition, below: low)
                    model.extents[partition]?.low = low
                case 2:
                    let next = Int64.random(in: 0...99, using: &random)
                    try await commit([partition: next], log)
                    model.committed[partition] = next
                case 3:
                    let bounds = model.extents.mapValues { Int64.random(in: 0...$0.high, using: &random) }
                    let limit = Int.random(in: 1...60, using: &random)
                    try #require(
                        try await log.expire(.checked, before: Int64(round - 20), below: bounds, atMost: limit)
                            == model.expire(before: Int64(round - 20), below: bounds, atMost: limit), "seed \(seed)")
                    // Which partitions come first is not promised: what is left is compared when all have been.
                    _ = try await log.expire(.checked, before: Int64(round - 20), below: bounds, atMost: .max)
                    _ = model.expire(before: Int64(round - 20), below: bounds, atMost: .max)
                default:
                    let count = Int.random(in: 0...40, using: &random)
                    let records = (0..<count).map {
                        PlainRecord(
                            value: Array("r\(round).\($0)".utf8), timestamp: Int64(round),
                            place: LogOffset(partition: partition, offset: -1))
                    }
                    let places = try await log.produce(RecordBatch(records), to: .checked)
                    try #require(places == model.append("r\(round).", count, partition, Int64(round)), "seed \(seed)")
                }
                try await compare(log, model, seed)
            }
            await log.close()
        }
    }

    private func commit(_ offsets: [Int32: Int64], _ log: EmbeddedLog) async throws {
        let consumer = try await log.consumer(group: "model", topic: .checked)
        _ = try await consumer.awaitAssignment()
        try await consumer.commit(offsets)
        await consumer.close()
    }

    private func compare(_ log: EmbeddedLog, _ model: LogModel, _ seed: UInt64) async throws {
        let all = Array(0..<Self.partitions)
        try #require(try await log.watermarks(of: .checked, partitions: all) == model.extents, "seed \(seed)")
        let committed = try await log.committed(group: "model", topic: .checked, partitions: all)
        try #require(committed == model.committed, "seed \(seed)")
        let places = all.flatMap { partition in
            (0..<model.extents[partition]!.high).map { LogOffset(partition: partition, offset: $0) }
        }
        let found = try await log.records(at: places, in: .checked).plain
        let values = found.map {
            "\($0.place.partition)/\($0.place.offset) \(String(decoding: $0.value, as: UTF8.self))"
        }
        try #require(values == model.values, "seed \(seed)")
    }
}

/// The same in plain Swift.
private struct LogModel {
    var extents: [Int32: Watermarks]
    var committed: [Int32: Int64] = [:]
    private var records: [[String]]
    private var times: [[Int64]]

    init(partitions: Int) {
        records = Array(repeating: [], count: partitions)
        times = Array(repeating: [], count: partitions)
        extents = Dictionary(uniqueKeysWithValues: (0..<Int32(partitions)).map { ($0, Watermarks(low: 0, high: 0)) })
    }

    mutating func expire(before cutoff: Int64, below bounds: [Int32: Int64], atMost limit: Int) -> Int {
        var count = 0
        for (partition, bound) in bounds {
            while extents[partition]!.low < bound, count < limit,
                times[Int(partition)][Int(extents[partition]!.low)] < cutoff
            {
                extents[partition]?.low += 1
                count += 1
            }
        }
        return count
    }

    mutating func append(_ prefix: String, _ count: Int, _ partition: Int32, _ time: Int64) -> [LogOffset] {
        let first = extents[partition]!.high
        records[Int(partition)] += (0..<count).map { "\(prefix)\($0)" }
        times[Int(partition)] += Array(repeating: time, count: count)
        extents[partition]?.high = first + Int64(count)
        return (first..<first + Int64(count)).map { LogOffset(partition: partition, offset: $0) }
    }

    /// What is still there, with its place.
    var values: [String] {
        records.indices.flatMap { partition in
            (extents[Int32(partition)]!.low..<extents[Int32(partition)]!.high).map {
                "\(partition)/\($0) \(records[partition][Int($0)])"
            }
        }
    }
}

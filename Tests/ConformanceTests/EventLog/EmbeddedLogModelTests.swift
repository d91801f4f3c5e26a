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
            for round in 0..<120 {
                let partition = Int32.random(in: 0..<Self.partitions, using: &random)
                switch Int.random(in: 0..<8, using: &random) {
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
                default:
                    let count = Int.random(in: 0...40, using: &random)
                    let places = try await log.produce(
                        RecordBatch("r\(round).", count, partition: partition), to: .checked)
                    try #require(places == model.append("r\(round).", count, partition), "seed \(seed)")
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

    init(partitions: Int) {
        records = Array(repeating: [], count: partitions)
        extents = Dictionary(uniqueKeysWithValues: (0..<Int32(partitions)).map { ($0, Watermarks(low: 0, high: 0)) })
    }

    mutating func append(_ prefix: String, _ count: Int, _ partition: Int32) -> [LogOffset] {
        let first = extents[partition]!.high
        records[Int(partition)] += (0..<count).map { "\(prefix)\($0)" }
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

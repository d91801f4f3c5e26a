import Stores
import Testing

/// Waits for a condition, and fails the test when it does not come true in time.
func eventually(
    _ what: Comment, within limit: Duration = .seconds(120), sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(what, sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// The records of a batch, one value each, for comparing.
struct PlainRecord: Hashable, Sendable {
    var key: [UInt8]?
    var value: [UInt8]
    var headers: [[[UInt8]]] = []
    var timestamp: Int64 = 1_700_000_000_000
    var place = LogOffset(partition: -1, offset: -1)
}

extension RecordBatch {
    init(_ records: [PlainRecord]) {
        self.init()
        for record in records {
            let key = record.key.map { store($0) }
            let value = store(record.value)
            let headers = record.headers.map { Header(name: store($0[0]), value: store($0[1])) }
            append(
                key: key, value: value, headers: headers, timestamp: record.timestamp,
                partition: record.place.partition)
        }
    }

    /// As many records with the keys and values `prefix0`, `prefix1`, ….
    init(_ prefix: String, _ count: Int, partition: Int32 = -1) {
        self.init(
            (0..<count).map {
                let text = Array("\(prefix)\($0)".utf8)
                return PlainRecord(key: text, value: text, place: LogOffset(partition: partition, offset: -1))
            })
    }

    var plain: [PlainRecord] {
        records.indices.map { index in
            PlainRecord(
                key: key(at: index).map(Array.init), value: Array(value(at: index)),
                headers: headerFields(at: index).map { [Array($0.name), Array($0.value)] },
                timestamp: records[index].timestamp,
                place: LogOffset(partition: records[index].partition, offset: records[index].offset))
        }
    }

    var places: [LogOffset] { records.map { LogOffset(partition: $0.partition, offset: $0.offset) } }
}

extension EventConsumer {
    /// Goes on until the group has given partitions.
    func awaitAssignment(within limit: Duration = .seconds(30)) async throws -> [Int32] {
        var given: [Int32]?
        try await eventually("the group assigns partitions", within: limit) {
            switch try await next(max: 100, wait: .milliseconds(200)) {
            case .assigned(let partitions): given = partitions.sorted()
            case .revoked: try await unassign()
            default: break
            }
            return given != nil
        }
        return given ?? []
    }

    /// Goes on until so many records have come, and then for a moment, so that one too many is seen.
    func take(_ count: Int, max: Int = 1_000, within limit: Duration = .seconds(30)) async throws -> [PlainRecord] {
        var found: [PlainRecord] = []
        try await eventually("\(count) records arrive", within: limit) {
            if case .records(let batch) = try await next(max: max, wait: .milliseconds(100)) { found += batch.plain }
            return found.count >= count
        }
        return try await found + drain()
    }

    /// What comes within a moment.
    func drain(_ wait: Duration = .milliseconds(300)) async throws -> [PlainRecord] {
        guard case .records(let batch) = try await next(max: 1_000, wait: wait) else { return [] }
        return batch.plain
    }

    /// Goes on until positions are uncertain.
    func awaitUncertainty(within limit: Duration = .seconds(30)) async throws -> [Int32] {
        var found: [Int32]?
        try await eventually("positions become uncertain", within: limit) {
            switch try await next(max: 100, wait: .milliseconds(200)) {
            case .positionsUncertain(let partitions): found = partitions.sorted()
            case .assigned: Issue.record("a rebalance instead")
            default: break
            }
            return found != nil
        }
        return found ?? []
    }
}

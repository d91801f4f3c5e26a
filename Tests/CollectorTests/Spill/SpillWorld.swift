import EmbeddedStores
import Logging
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Collector
@testable import StoreModels

/// A log that can fail, a spill on a directory, and what is to be asked of both.
final class SpillWorld: Sendable {
    let kafka: FaultyLog
    let store: FaultyLog
    let spill: Spill
    private let directory: Mutex<SpillDirectory?>
    /// Whether there is room on the disk.
    let disk = Disk()
    let path: String

    /// Runs a test with an empty world, which is closed also when the test throws.
    static func with(
        partitions: Int = 4, maximumBytes: Int64 = 1 << 30, _ body: (SpillWorld) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { temporary in
            let kafka = try await FaultyLog.make("\(temporary.path)/kafka.db", partitions: partitions)
            let world = try await SpillWorld(kafka, "\(temporary.path)/spill", maximumBytes)
            do { try await body(world) } catch {
                await world.close()
                throw error
            }
            await world.close()
        }
    }

    private init(_ kafka: FaultyLog, _ path: String, _ maximumBytes: Int64) async throws {
        (self.kafka, self.path) = (kafka, path)
        let directory = try SpillDirectory(path: path)
        self.directory = Mutex(directory)
        store = FaultyLog(directory.log, partitions: 0)
        spill = try await Spill.open(
            log: kafka, store: store, usedBytes: try await directory.log.usedBytes(), maximumBytes: maximumBytes,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { [disk] in disk.hasRoom }
    }

    /// The process ends, and another one takes the directory over for the rest of a test.
    func restart(_ body: (SpillWorld) async throws -> Void) async throws {
        await closeSpill()
        let world = try await SpillWorld(kafka, path, 1 << 30)
        do { try await body(world) } catch {
            await world.closeSpill()
            throw error
        }
        await world.closeSpill()
    }

    /// Closes the directory and lets go of its lock.
    private func closeSpill() async {
        let open = directory.withLock { directory in
            defer { directory = nil }
            return directory
        }
        await open?.close()
    }

    private func close() async {
        kafka.release()
        await kafka.close()
        await closeSpill()
    }

    /// Appends events of these users, each with its own number as value.
    @discardableResult
    func append(_ events: [(user: String, value: String)], at time: Int64 = noon) async throws -> [Int] {
        try await spill.append(
            RecordBatch(events.map { LoggedRecord(key: $0.user, value: $0.value, timestamp: time, partition: -1) }))
    }

    /// Everything in the log, by partition and offset.
    func logged() async throws -> [LoggedRecord] { try await Self.all(kafka.base, .userEvents) }

    /// The values in the log, in order, of one user.
    func values(of user: String) async throws -> [String] {
        try await logged().filter { $0.key == Array(user.utf8) }.map { String(decoding: $0.value, as: UTF8.self) }
    }

    static func all(_ log: EmbeddedLog, _ topic: Topic) async throws -> [LoggedRecord] {
        let count = try await log.partitionCount(of: topic)
        let extents = try await log.watermarks(of: topic, partitions: Array(0..<Int32(count)))
        let places = extents.sorted { $0.key < $1.key }.flatMap { partition, extent in
            (extent.low..<extent.high).map { LogOffset(partition: partition, offset: $0) }
        }
        return try await log.records(at: places, in: topic).logged
    }

    /// Drains until nothing is left.
    func drain() async throws {
        for lane in 0..<spill.laneCount { try await spill.drain(lane) }
    }

    /// Runs a test with the service that drains.
    func withService(_ body: () async throws -> Void) async throws {
        let service = SpillService(spill, interval: .milliseconds(20), now: { noon })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }
}

/// A disk that may be told that it is nearly full.
final class Disk: Sendable {
    private let room = Mutex(true)
    var hasRoom: Bool { room.withLock { $0 } }
    func set(hasRoom: Bool) { room.withLock { $0 = hasRoom } }
}

/// A user whose events go to this partition, of so many.
func user(in partition: Int32, of count: Int) -> String {
    (0...).lazy.map { "u\($0)" }.first { Murmur2.partition(of: ArraySlice($0.utf8), count: count) == partition }!
}

/// Waits until a condition holds.
func eventually(
    _ what: String, within limit: Duration = .seconds(120), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while .now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(2))
    }
    Issue.record("it never came true that \(what)")
    throw CancellationError()
}

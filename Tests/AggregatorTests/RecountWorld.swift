import Events
import Logging
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// Stored events, and rollups that passes make of them.
final class RecountWorld {
    static let timeZone = "America/St_Johns"

    let raw = RawEventStoreModel()
    let rollups = RollupStoreModel(timeZone: RecountWorld.timeZone)
    let calendar = ReportingCalendar(RecountWorld.timeZone)!
    private(set) var events: [StoredEvent] = []

    func store(_ new: [StoredEvent], partition: Int32 = 0) async throws {
        let epoch = PartitionEpoch(epoch: 1, partition: partition)
        let old = try await raw.beginEpoch(IngestProgress(partition: epoch, first: 0))
        _ = try await raw.insert(
            new.enumerated().map { index, event in
                let offset = old.next + Int64(index)
                return RawEvent(
                    source: event.source, eventID: "\(partition)-\(offset)", userID: event.userID,
                    eventType: event.eventType, timestamp: event.timestamp, receivedAt: 0, metadata: nil,
                    context: EventContext(), position: Position(epoch: 1, partition: partition, offset: offset),
                    payloadHash: Digest128(high: 0, low: 0))
            })
        var next = old
        next.next += Int64(new.count)
        next.stored += Int64(new.count)
        next.batch = "\(next.next)"
        #expect(try await raw.advance(from: old, to: next) == .advanced)
        events += new
    }

    func basis(_ store: RollupStoreModel) -> RecountBasis {
        RecountBasis(raw: raw, rollups: store, calendar: calendar, metadata: .none, retentionDays: 90)
    }

    func pass() async throws { try await Self.pass(raw, rollups, calendar) }

    static func pass(
        _ raw: RawEventStoreModel, _ rollups: RollupStoreModel, _ calendar: ReportingCalendar
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let report = try await AggregationPass(
            raw: raw, merger: Merger(store: rollups), calendar: calendar, dimensions: Dimensions(),
            parallelism: 2, logger: logger
        ).run()
        #expect(report.mismatches == 0)
    }

    func verify(
        _ days: ClosedRange<PeriodNumber>, _ store: RollupStoreModel? = nil, sources: [String]? = nil
    ) async throws -> [Verification.Difference] {
        let found = Found()
        let verification = Verification(basis(store ?? rollups))
        let report = try await verification.run(
            RecountSpan(days: days), sources: sources, now: 0, progress: { _, _ in },
            found: { await found.add($0) })
        let differences = await found.differences
        #expect(report.differences == differences.count)
        return differences
    }

    func rebuild(
        _ days: ClosedRange<PeriodNumber>, _ store: RollupStoreModel, sources: [String]? = nil
    ) async throws {
        let rebuild = Rebuild(basis(store))
        _ = try await rebuild.run(RecountSpan(days: days), sources: sources, now: 0, progress: { _, _ in })
    }

    /// Events in several partitions, all of them folded.
    static func filled(_ random: inout SeededRandom) async throws -> RecountWorld {
        let world = RecountWorld()
        for partition in Int32(0)..<3 { try await world.store(random.plainEvents(60), partition: partition) }
        try await world.pass()
        return world
    }
}

private actor Found {
    private(set) var differences: [Verification.Difference] = []
    func add(_ difference: Verification.Difference) { differences.append(difference) }
}

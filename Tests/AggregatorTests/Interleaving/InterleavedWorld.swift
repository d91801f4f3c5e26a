import Bitmaps
import Events
import Logging
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// Raw events that come, come again and come late, and two aggregators, rebuilds, recuts and forgettings over one rollup
/// store, any of which may be killed at any statement.
final class InterleavedWorld {
    private let raw = RawEventStoreModel()
    private let stores: [any RollupStore]
    private let mergers: [Merger]
    private let fuse: Fuse
    private var random: SeededRandom
    private var zone: String
    private(set) var kills = 0
    /// All events as they came, those of users who are forgotten since too.
    private var originals: [RawEvent] = []

    /// - Parameter handles: two on one store, provisioned for the zone.
    init(_ handles: [any RollupStore], zone: String, fuse: Fuse, random: SeededRandom) {
        stores = handles.map { FragileStore(base: $0, fuse: fuse) }
        mergers = stores.map { Merger(store: $0) }
        (self.fuse, self.random, self.zone) = (fuse, random, zone)
    }

    private var calendar: ReportingCalendar { ReportingCalendar(zone)! }

    private func basis(_ zone: String? = nil) -> RecountBasis {
        RecountBasis(
            raw: raw, rollups: stores[0], calendar: zone.map { ReportingCalendar($0)! } ?? calendar,
            metadata: testDimensions.metadata, retentionDays: 90)
    }

    /// Lets something happen.
    func step() async throws {
        switch Int.random(in: 0..<20, using: &random) {
        case 0...6: try await receive()
        case 7...11: try await survive { try await self.pass(0) }
        case 12...13: try await survive { try await self.pass(1) }
        case 14: try await both()
        case 15...16: try await survive { try await self.rebuild() }
        case 17: try await survive { try await self.forget() }
        case 18: try await survive { try await self.close() }
        default: try await survive { try await self.recut() }
        }
    }

    /// Runs something that may be killed.
    private func survive(_ work: () async throws -> Void) async throws {
        fuse.set(Bool.random(using: &random) ? Int.random(in: 0..<24, using: &random) : nil)
        defer { fuse.set(nil) }
        do { try await work() } catch is DatabaseError { kills += 1 }
    }

    /// Some new events, some that were here before, at the next positions of a partition; or some of both.
    private func receive() async throws {
        let epoch = PartitionEpoch(epoch: 1, partition: Int32.random(in: 0..<3, using: &random))
        let old = try await raw.beginEpoch(IngestProgress(partition: epoch, first: 0))
        var new = old
        var batch: [RawEvent] = []
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            var event = rawEvent()
            if let again = originals.randomElement(using: &random), Int.random(in: 0..<4, using: &random) == 0 {
                event = again
            }
            event.position = Position(epoch: 1, partition: epoch.partition, offset: new.next)
            batch.append(event)
            originals.append(event)
            new.next += 1
        }
        for verdict in try await raw.insert(batch) {
            if verdict == .stored { new.stored += 1 } else { new.duplicate += 1 }
        }
        new.batch = "\(new.next)"
        #expect(new.isBalanced)
        #expect(try await raw.advance(from: old, to: new) == .advanced)
    }

    private func rawEvent() -> RawEvent {
        let event = random.events(1)[0]
        var context = EventContext()
        context.path = event.dimensions.path
        context.country = event.dimensions.country
        context.browser = event.dimensions.browser.map { EventContext.Product(name: $0) }
        let metadata = event.dimensions.metadata.first.flatMap { $0 }.map { #"{"plan":"\#($0)","other":1}"# }
        return RawEvent(
            source: event.source, eventID: "\(random.next())", userID: "u\(Int.random(in: 0..<30, using: &random))",
            eventType: event.eventType, timestamp: random.time(), receivedAt: 0,
            metadata: metadata.map { Array($0.utf8)[...] }, context: context,
            position: Position(epoch: 1, partition: 0, offset: 0),
            payloadHash: Digest128(high: random.next(), low: 0))
    }

    private func pass(_ number: Int) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let report = try await AggregationPass(
            raw: raw, merger: mergers[number], calendar: calendar, dimensions: testDimensions, parallelism: 2,
            logger: logger, transactionSize: [20, 200_000].randomElement(using: &random)!
        ).run()
        #expect(report.mismatches == 0)
    }

    /// Both aggregators at once, in either order.
    private func both() async throws {
        let passes = mergers.map { merger in
            AggregationPass(
                raw: raw, merger: merger, calendar: calendar, dimensions: testDimensions, parallelism: 2,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        try await survive {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for pass in passes { group.addTask { _ = try await pass.run() } }
                var failure: (any Error)?
                while let result = await group.nextResult() {
                    if case .failure(let error) = result { failure = error }
                }
                if let failure { throw failure }
            }
        }
    }

    /// A rebuild of any span and, sometimes, a pass in the midst of it.
    private func rebuild() async throws {
        guard let event = raw.events.values.sorted(by: { $0.position < $1.position }).randomElement(using: &random)
        else {
            return
        }
        var calendar = calendar
        let day = calendar.day(of: event.timestamp)
        let span = RecountSpan(days: day...day + PeriodNumber.random(in: 0...9, using: &random))
        let isDisturbed = Bool.random(using: &random)
        let (raw, merger) = (raw, mergers[1])
        let pass = AggregationPass(
            raw: raw, merger: merger, calendar: calendar, dimensions: testDimensions, parallelism: 1,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await Rebuild(basis()).run(
            span, sources: ["web", nil].randomElement(using: &random)!.map { [$0] }, now: 0
        ) { done, all in
            if isDisturbed, done == all { _ = try? await pass.run() }
        }
    }

    private func forget() async throws {
        _ = try await ForgetUser(raw: raw, rollups: stores[0], metadata: testDimensions.metadata).run(
            "u\(Int.random(in: 0..<30, using: &random))", of: "web", token: "token \(random.next())",
            progress: { _, _ in })
    }

    private func close() async throws {
        let day = PeriodNumber.random(in: 0..<30_000, using: &random)
        _ = try await mergers[0].compact(before: [.interval: day * 96, .day: day, .week: CivilDate.monday(of: day)])
    }

    private func recut() async throws {
        let zone = hardTimeZones.randomElement(using: &random)!
        do {
            _ = try await Recut(basis(zone)).run(droppingExpired: false, now: 0, progress: { _, _ in })
            self.zone = zone
        } catch {
            // A commit whose answer was lost may have happened.
            fuse.set(nil)
            self.zone = try await stores[0].withReader { try await $0.state() }.timeZone
            throw error
        }
    }

    /// Counts what is left, and compares all with a naive recount; then makes all anew, and compares again.
    func expectRecount() async throws {
        fuse.set(nil)
        try await pass(0)
        try await finishForgetting()
        let events = try await raw.withConsistentReader { reader in
            var events: [StoredEvent] = []
            for book in try await reader.progress() {
                let window = OffsetWindow(partition: book.partition, offsets: book.first..<book.next)
                events += try await reader.events(in: window, metadata: testDimensions.metadata)
            }
            return events
        }
        let expected = Recount(events, timeZone: zone)
        let found = try await Recount(of: stores[0], expected)
        #expect(found.counts == expected.counts)
        #expect(found.visitors == expected.visitors)
        #expect(found.firstDays == expected.firstDays)
        let news = expected.firstDays.flatMap { source, days in
            Dictionary(grouping: days.values) { $0 }.map {
                NewVisitors(source: source, day: $0, visitors: Int64($1.count))
            }
        }.sorted { ($0.source, $0.day) < ($1.source, $1.day) }
        #expect(
            try await stores[0].withReader { try await $0.newVisitors(days: -100...2_000_000, sources: nil) } == news)
        let report = try await Verification(basis()).run(
            RecountSpan(days: -10...60_000), sources: nil, now: 0, progress: { _, _ in },
            found: { Issue.record("\($0)") })
        #expect(report.rows == expected.counts.count)
        _ = try await Rebuild(basis()).run(
            RecountSpan(days: -10...60_000), sources: nil, now: 0, progress: { _, _ in })
        #expect(try await Recount(of: stores[1], expected) == expected)
    }

    /// Runs again what was killed, as an operator would.
    private func finishForgetting() async throws {
        let pending = try await stores[0].withReader { try await $0.forgettings() }
        for user in (0..<30).map({ "u\($0)" })
        where pending.contains(where: { $0.user == .visitor(source: "web", userID: user) }) {
            let report = try await ForgetUser(raw: raw, rollups: stores[0], metadata: testDimensions.metadata).run(
                user, of: "web", token: "another", progress: { _, _ in })
            #expect(report.isResumed)
        }
        #expect(try await stores[0].withReader { try await $0.forgettings() }.isEmpty)
    }
}

extension Recount {
    /// Reads what a store holds, of these visitors.
    init(of store: any RollupStore, _ expected: Recount) async throws {
        let tables = try await store.withReader { reader in
            var tables = RollupTables(state: RollupState(timeZone: "", completeThrough: nil, revision: 0))
            for granularity in Granularity.allCases {
                let periods: ClosedRange<PeriodNumber> = -10_000...6_000_000
                for row in try await reader.rows(granularity, periods: periods, sources: nil, dimension: nil) {
                    tables.counts[row.key] = row.counts
                }
                let keys = try await reader.setKeys(granularity, periods: periods, sources: nil)
                tables.sets.merge(try await reader.sets(keys)) { $1 }
            }
            for (source, days) in expected.firstDays {
                tables.visitors[source] = try await reader.visitors(of: source, Array(days.keys))
            }
            return tables
        }
        try self.init(tables)
    }
}

import Events
import Logging
import Stores
import Testing

@testable import Aggregator
@testable import StoreModels

/// Forgetting changes names and no number, wherever it is cut off and whatever goes on beside it.
struct ForgetTests {
    private static let timeZone = "America/St_Johns"

    /// Stored events of few users, some of them folded.
    private final class World: Sendable {
        let rawJournal = Journal()
        let rollupJournal = Journal()
        let raw: RawEventStoreModel
        let rollups: RollupStoreModel
        let keys = MetadataKeys(["plan"])!

        init() {
            raw = RawEventStoreModel(journal: rawJournal)
            rollups = RollupStoreModel(timeZone: ForgetTests.timeZone, journal: rollupJournal)
        }

        func store(_ random: inout SeededRandom, _ count: Int, partition: Int32 = 0, users: Int = 6) async throws {
            let epoch = PartitionEpoch(epoch: 1, partition: partition)
            let old = try await raw.beginEpoch(IngestProgress(partition: epoch, first: 0))
            let events = (0..<Int64(count)).map { index in
                RawEvent.made(at: old.next + index, of: partition, users: users, &random)
            }
            _ = try await raw.insert(events)
            var next = old
            next.next += Int64(count)
            next.stored += Int64(count)
            next.batch = "\(next.next)"
            #expect(try await raw.advance(from: old, to: next) == .advanced)
        }

        func pass() async throws {
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let report = try await AggregationPass(
                raw: raw, merger: Merger(store: rollups), calendar: ReportingCalendar(ForgetTests.timeZone)!,
                dimensions: Dimensions(metadata: keys), parallelism: 2, logger: logger
            ).run()
            #expect(report.mismatches == 0)
        }

        func forget(_ user: String, token: String = "token") async throws -> ForgetUser.Report {
            try await ForgetUser(raw: raw, rollups: rollups, metadata: keys).run(
                user, of: "web", token: token, progress: { _, _ in })
        }

        var basis: RecountBasis {
            RecountBasis(
                raw: raw, rollups: rollups, calendar: ReportingCalendar(ForgetTests.timeZone)!, metadata: keys,
                retentionDays: 90)
        }

        func differences() async throws -> Int {
            try await Verification(basis).run(
                RecountSpan(days: 0...40_000), sources: nil, now: 0, progress: { _, _ in }, found: { _ in }
            ).differences
        }

        func isNamed(_ user: String) -> Bool {
            raw.events.values.contains { $0.source == "web" && $0.userID == user }
                || rollups.tables.visitors["web"]?[.visitor(source: "web", userID: user)] != nil
                || !rollups.tables.forgettings.isEmpty
        }
    }

    private func world(_ random: inout SeededRandom) async throws -> World {
        let world = World()
        for partition in Int32(0)..<2 { try await world.store(&random, 60, partition: partition) }
        try await world.pass()
        try await world.store(&random, 10)
        return world
    }

    @Test func namesGoAndNumbersStay() async throws {
        var random = SeededRandom.announced()
        let world = try await world(&random)
        let (before, raw) = (world.rollups.tables, world.raw.events)
        let mine = raw.values.filter { $0.source == "web" && $0.userID == "u1" }
        let report = try await world.forget("u1")
        #expect(report == ForgetUser.Report(events: mine.count, wasVisitor: true))
        #expect(!world.isNamed("u1"))
        #expect(world.rollups.tables.counts == before.counts)
        #expect(world.rollups.tables.sets == before.sets)
        for event in mine {
            let left = try #require(world.raw.events[ExactText(event.id)])
            #expect(left.position == event.position && left.timestamp == event.timestamp)
            #expect(left.payloadHash == .forgotten && left.clientTimestamp == nil)
            #expect(EventDimensions(of: left.context) == EventDimensions(of: event.context))
            #expect(left.context.userAgent == nil && left.context.clientAddress == nil)
            #expect(world.keys.values(in: left.metadata) == world.keys.values(in: event.metadata))
            #expect(left.metadata.map { !String(decoding: $0, as: UTF8.self).contains("secret") } ?? true)
        }
        for (id, event) in raw where event.source != "web" || event.userID != "u1" {
            #expect(world.raw.events[id]?.userID == event.userID, "others stay")
        }
        try await world.pass()
        #expect(try await world.differences() == 0)
        let counted = world.rollups.tables.counts
        _ = try await Rebuild(world.basis).run(
            RecountSpan(days: 0...40_000), sources: nil, now: 0, progress: { _, _ in })
        #expect(world.rollups.tables.counts == counted)
    }

    @Test func aSecondTimeIsToldAsSuchAndLaterEventsAreANewVisitors() async throws {
        var random = SeededRandom.announced()
        let world = try await world(&random)
        _ = try await world.forget("u1", token: "first")
        try await world.pass()
        let before = world.rollups.tables
        #expect(try await world.forget("u1", token: "second") == ForgetUser.Report())
        #expect(world.rollups.tables.visitors == before.visitors && world.rollups.tables.counts == before.counts)
        try await world.store(&random, 40, users: 2)
        try await world.pass()
        #expect(
            world.rollups.tables.visitors["web"]?[.visitor(source: "web", userID: "u1")]?.number
                == UInt32(before.visitors["web"]?.count ?? 0))
        #expect(try await world.differences() == 0)
    }

    @Test func whatComesAgainBringsNobodyBack() async throws {
        var random = SeededRandom.announced()
        let world = try await world(&random)
        let mine = world.raw.events.values.filter { $0.source == "web" && $0.userID == "u1" }
        _ = try await world.forget("u1")
        for event in mine {
            var other = event
            other.position.offset += 1_000_000
            #expect(try await world.raw.insert([event, other]) == [.stored, .duplicate(of: event.position)])
            other.payloadHash = Digest128(high: 9, low: 9)
            #expect(try await world.raw.insert([other]) == [.duplicate(of: event.position)])
        }
        #expect(!world.isNamed("u1"))
    }

    /// Cut off at every call of either store, with passes before the repetition: verification stays clean, and the
    /// repetition completes it with the first token.
    @Test func cutOffAnywhere() async throws {
        var random = SeededRandom.announced()
        let seed = random.next()
        do {
            for isRaw in [true, false] {
                for step in 0..<400 {
                    var random = SeededRandom(seed: seed)
                    let world = try await world(&random)
                    let journal = isRaw ? world.rawJournal : world.rollupJournal
                    let moment = Journal.Moment.allCases[step % 3]
                    journal.fail(call: journal.calls.count + step / 3, moment)
                    do {
                        _ = try await world.forget("u1", token: "first")
                        break  // Beyond the last call.
                    } catch {}
                    try await world.pass()
                    #expect(try await world.differences() == 0, "\(isRaw) \(step)")
                    _ = try await world.forget("u1", token: "second")
                    #expect(!world.isNamed("u1"))
                    try await world.pass()
                    #expect(try await world.differences() == 0, "\(isRaw) \(step)")
                    let tokens = Set(world.raw.events.values.map(\.userID)).intersection(["first", "second"])
                    #expect(tokens.count == 1, "one user is one visitor still")
                }
            }
        }
    }

    /// A pass that has read events of the user merges after all is over.
    @Test func aPassThatHasReadTheOldIdIsTurnedAway() async throws {
        var random = SeededRandom.announced()
        let world = try await world(&random)
        let windows = PartitionPass.plan(
            world.raw.progress, try await world.rollups.withReader { try await $0.cursors() })
        let stale = try await world.raw.withConsistentReader { reader in
            var fold = Fold(
                calendar: ReportingCalendar(Self.timeZone)!, dimensions: Dimensions(metadata: world.keys))
            for event in try await reader.events(in: windows[0].window, metadata: world.keys) { fold.add(event) }
            return fold
        }
        _ = try await world.forget("u1")
        let error = await #expect(throws: DatabaseError.self) {
            try await Merger(store: world.rollups).merge([stale], moving: windows)
        }
        #expect(error?.code == .contended)
        try await world.pass()
        #expect(try await world.differences() == 0)
    }
}

extension RawEvent {
    /// An event of one of few users, with something of everything.
    fileprivate static func made(
        at offset: Int64, of partition: Int32, users: Int, _ random: inout SeededRandom
    ) -> RawEvent {
        var context = EventContext(clientAddress: "192.0.2.0", userAgent: "agent")
        context.path = ["/", "/a"].randomElement(using: &random)
        context.browser = EventContext.Product(name: "Firefox", version: "128")
        context.referrer = EventContext.Referrer(host: "example.org", kind: "other")
        let metadata = #"{"secret":"s","plan":\#(["1", "true", "\"pro\"", "null"].randomElement(using: &random)!)}"#
        return RawEvent(
            source: Bool.random(using: &random) ? "web" : "app", eventID: "\(partition)-\(offset)",
            userID: "u\(Int.random(in: 0..<users, using: &random))", eventType: "page_view",
            timestamp: random.time(), clientTimestamp: 5, receivedAt: 0,
            metadata: Bool.random(using: &random) ? Array(metadata.utf8)[...] : nil, context: context,
            position: Position(epoch: 1, partition: partition, offset: offset),
            payloadHash: Digest128(high: UInt64(offset), low: 1))
    }
}

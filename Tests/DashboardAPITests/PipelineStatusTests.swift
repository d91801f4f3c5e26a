import Events
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Operations
import Stores
import Testing

@testable import DashboardAPI
@testable import StoreModels

/// A pipeline of models, part of the way.
struct PipelineWorld {
    let logJournal = Journal()
    let rawJournal = Journal()
    let rollupJournal = Journal()
    let log: EventLogModel
    let raw: RawEventStoreModel
    let rollups: RollupStoreModel
    let stores: PipelineStores

    static let now: Int64 = 1_800_000_000_000
    static let retention: Int64 = 3_600_000

    /// - Parameter cursors: what has been folded.
    init(partitions: Int32 = 3, cursors: [RollupCursor] = [], unread: TopicRetention = .unknown) {
        log = EventLogModel(journal: logJournal, partitions: partitions, unreadRetention: unread)
        raw = RawEventStoreModel(journal: rawJournal)
        var tables = RollupTables(
            state: RollupState(timeZone: "UTC", completeThrough: Self.now - 60_000, revision: 9))
        for cursor in cursors { tables.cursors[cursor.partition] = cursor }
        rollups = RollupStoreModel(tables, journal: rollupJournal)
        stores = PipelineStores(
            log: log, raw: raw, rollups: rollups, group: "workers", assumedRetention: Self.retention)
    }

    /// Puts so many records at the end of a partition, a second apart, the last one now.
    func fill(_ partition: Int32, from start: Int64 = 0, count: Int64) {
        for offset in start..<start + count {
            log.place(
                LoggedRecord(
                    value: "{}", timestamp: Self.now - (start + count - 1 - offset) * 1000, partition: partition,
                    offset: offset))
        }
    }

    func begin(_ partition: Int32, epoch: Int32 = 1, _ change: (inout IngestProgress) -> Void) async throws {
        var progress = IngestProgress(partition: PartitionEpoch(epoch: epoch, partition: partition), first: 0)
        change(&progress)
        _ = try await raw.beginEpoch(progress)
    }

    func status() async -> PipelineStatus { await PipelineStatus.read(stores, at: Self.now) }

    func get(
        _ path: String, as caller: Caller = .anyone, isConfigured: Bool = true
    ) async throws -> (status: Int, members: [String: Any]) {
        let router = Router(context: DashboardContext.self)
        router.add(middleware: ProblemMiddleware())
        addDashboardRoutes(
            to: router, store: rollups, timeZone: "UTC", cacheSize: 1 << 20, access: Access { _ in caller },
            pipeline: isConfigured ? stores : nil,
            now: { Self.now })
        let response = try await Application(router: router).test(.router) { client in
            try await client.execute(uri: path, method: .get)
        }
        let members = try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: Any]
        return (response.status.code, members ?? [:])
    }
}

struct PipelineStatusTests {
    private func cursor(_ partition: Int32, epoch: Int32 = 1, next: Int64, stored: Int64) -> RollupCursor {
        RollupCursor(
            partition: PartitionEpoch(epoch: epoch, partition: partition), nextOffset: next, foldedStored: stored)
    }

    @Test func eachPartitionsBooks() async throws {
        let world = PipelineWorld(partitions: 2, cursors: [cursor(0, next: 4, stored: 3)])
        world.fill(0, count: 10)
        world.log.commit(6, of: 0)
        try await world.begin(0) { progress in
            (progress.next, progress.stored, progress.duplicate, progress.dead) = (7, 4, 1, 1)
            progress.gaps = 1
        }
        let status = await world.status()
        #expect(status.revision == 9 && status.completeThrough == "2027-01-15T07:59:00.000Z")
        #expect(status.unavailable.isEmpty && status.partitions.map(\.partition) == [0, 1])
        var expected = PartitionBooks(partition: 0)
        (expected.epoch, expected.logStart, expected.logEnd, expected.committed) = (1, 0, 10, 6)
        (expected.first, expected.next, expected.folded) = (0, 7, 4)
        (expected.stored, expected.duplicate, expected.dead, expected.lost, expected.gaps) = (4, 1, 1, 0, 1)
        (expected.lag, expected.unfolded, expected.balanced) = (3, 1, true)
        // The record at 7 is two seconds old, of an hour.
        expected.timeToDataLoss = 3598
        #expect(status.partitions[0] == expected)
        var unread = PartitionBooks(partition: 1)
        (unread.logStart, unread.logEnd, unread.lag) = (0, 0, 0)
        #expect(status.partitions[1] == unread)
        #expect(
            status.totals
                == .init(
                    stored: 4, duplicate: 1, dead: 1, lost: 0, gaps: 1, lag: 3, unfolded: 1, timeToDataLoss: 3598,
                    balanced: true))
    }

    @Test func booksThatDoNotBalanceAreShown() async throws {
        let world = PipelineWorld()
        try await world.begin(0) { ($0.next, $0.stored) = (7, 7) }
        try await world.begin(1) { ($0.next, $0.stored) = (7, 6) }
        let status = await world.status()
        #expect(status.partitions.map(\.balanced) == [true, false, nil])
        #expect(status.totals.balanced == false)
    }

    /// A log that was made anew: what an earlier one had counts in the sums, and it has no lag any more.
    @Test func earlierIncarnations() async throws {
        let world = PipelineWorld(
            partitions: 1, cursors: [cursor(0, next: 100, stored: 100), cursor(0, epoch: 2, next: 1, stored: 1)])
        world.fill(0, count: 5)
        try await world.begin(0) { ($0.next, $0.stored) = (100, 100) }
        try await world.begin(0, epoch: 2) { ($0.next, $0.stored) = (2, 2) }
        let status = await world.status()
        #expect(status.partitions.map(\.epoch) == [2, 1])
        #expect(status.partitions.map(\.logEnd) == [5, nil] && status.partitions.map(\.lag) == [3, nil])
        #expect(status.totals.stored == 102 && status.totals.lag == 3 && status.totals.unfolded == 1)
    }

    @Test func timeIsLeftUntilRetentionReachesWhatWaits() async throws {
        let world = PipelineWorld()
        // Nobody has read 0; of 1 the log has dropped what was next, and what is left goes in a second; 2 is read.
        world.fill(0, count: 100)
        world.fill(1, count: 3_700)
        world.log.expire(1, below: 3_700 - 3_600)
        world.fill(2, count: 9)
        try await world.begin(1) { ($0.next, $0.stored) = (10, 10) }
        try await world.begin(2) { ($0.next, $0.stored) = (9, 9) }
        let status = await world.status()
        #expect(status.partitions.map(\.timeToDataLoss) == [3600 - 99, 1, nil])
        #expect(status.partitions.map(\.lag) == [100, 3_690, 0])
        #expect(status.totals.timeToDataLoss == 1)
        // A log that keeps what nobody has read loses nothing.
        let keeping = PipelineWorld(unread: .unlimited)
        keeping.fill(0, count: 100)
        #expect(await keeping.status().totals.timeToDataLoss == nil)
        // What the log says of itself comes before what is assumed.
        let told = PipelineWorld(unread: .milliseconds(200_000))
        told.fill(0, count: 100)
        #expect(await told.status().totals.timeToDataLoss == 200 - 99)
    }

    @Test func whatIsAwayIsNamedAndTheRestIsTold() async throws {
        let world = PipelineWorld(partitions: 1, cursors: [cursor(0, next: 1, stored: 1)])
        world.fill(0, count: 5)
        try await world.begin(0) { ($0.next, $0.stored) = (2, 2) }
        world.logJournal.failAlways("partition count")
        var status = await world.status()
        #expect(status.unavailable.map(\.store) == ["log"])
        #expect(status.partitions.map(\.next) == [2] && status.partitions.map(\.lag) == [nil])
        #expect(status.totals.stored == 2 && status.totals.lag == nil && status.totals.balanced == true)
        world.logJournal.failAlways("partition count", false)
        world.rawJournal.failAlways("open reader")
        status = await world.status()
        #expect(status.unavailable.map(\.store) == ["raw events"])
        #expect(status.partitions.map(\.logEnd) == [5] && status.partitions.map(\.folded) == [1])
        #expect(status.totals.stored == nil && status.totals.balanced == nil)
        world.rollupJournal.failAlways("open reader")
        status = await world.status()
        #expect(status.unavailable.map(\.store) == ["rollups", "raw events"] && status.revision == nil)
        #expect(status.totals.stored == nil, "not known, not 0")
    }

    @Test func theAnswersMembers() async throws {
        let world = PipelineWorld(partitions: 1)
        let (status, members) = try await world.get("/api/pipeline/status")
        #expect(status == 200)
        #expect(
            Set(members.keys) == ["at", "completeThrough", "revision", "totals", "partitions", "unavailable"])
        let row = try #require((members["partitions"] as? [[String: Any]])?.first)
        #expect(
            Set(row.keys) == [
                "partition", "epoch", "logStart", "logEnd", "committed", "first", "next", "folded", "stored",
                "duplicate", "dead", "lost", "gaps", "lag", "unfolded", "timeToDataLoss", "balanced",
            ])
        #expect(row["epoch"] is NSNull && row["logEnd"] as? Int == 0)
        let totals = try #require(members["totals"] as? [String: Any])
        #expect(totals["timeToDataLoss"] is NSNull && totals["stored"] as? Int == 0)
    }

    @Test(arguments: ["pipeline/status", "events/web/a"])
    func withTheRollupsOnlyNothingIsKnown(path: String) async throws {
        let (status, members) = try await PipelineWorld().get("/api/\(path)", isConfigured: false)
        #expect(status == 503 && members["code"] as? String == "pipeline_not_configured")
    }

    @Test func itIsForAdmins() async throws {
        let analyst = Caller(subject: "ann", roles: [.analyst], sources: .all)
        let (status, members) = try await PipelineWorld().get("/api/pipeline/status", as: analyst)
        #expect(status == 403 && members["code"] as? String == "role_required")
        #expect(try await PipelineWorld().get("/api/pipeline/status?x=1").status == 400)
    }
}

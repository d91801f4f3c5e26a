import Events
import GRDB
import Stores

/// Reads through something that runs work on a connection: a snapshot, or the writing transaction's.
struct EmbeddedRollupReader: RollupReader {
    private let connection: Lease<DatabaseQueue>
    private let file: SharedFile<RollupCore>

    init(_ connection: Lease<DatabaseQueue>, _ file: SharedFile<RollupCore>) {
        (self.connection, self.file) = (connection, file)
    }

    private func read<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await file.use(orThrow: rollupsClosed) { _ in
            try await perform("the rollups could not be read") { try await connection.get().unsafeRead(work) }
        }
    }

    func state() async throws -> RollupState { try await read { try RollupQueries.state($0) } }

    func cursors() async throws -> [RollupCursor] { try await read { try RollupQueries.cursors($0) } }

    func forgettings() async throws -> [Forgetting] { try await read { try RollupQueries.forgettings($0) } }

    func sources() async throws -> [String] { try await read { try RollupQueries.sources($0) } }

    func counts(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String,
        value: String
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        try await read { try RollupQueries.counts($0, granularity, periods, sources, dimension, value) }
    }

    func rows(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String?
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        try await read { try RollupQueries.rows($0, granularity, periods, sources, dimension) }
    }

    func setKeys(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?
    ) async throws -> [RollupKey] {
        try await read { try RollupQueries.setKeys($0, granularity, periods, sources) }
    }

    func keysWithDeltas(
        _ granularity: Granularity, before period: PeriodNumber, limit: Int
    ) async throws -> [RollupKey] {
        try await read { try RollupQueries.keysWithDeltas($0, granularity, before: period, limit: limit) }
    }

    func recordedValues(_ values: [DimensionWeek: [String]]) async throws -> [DimensionWeek: Set<ExactText>] {
        try await read { try RollupQueries.recordedValues($0, values) }
    }

    func sets(_ keys: [RollupKey]) async throws -> [RollupKey: StoredSet] {
        try await read { try RollupQueries.sets($0, keys) }
    }

    func visitors(of source: String, _ users: [Digest128]) async throws -> [Digest128: VisitorRecord] {
        try await read { try RollupQueries.visitors($0, source, users) }
    }

    func newVisitors(days: ClosedRange<PeriodNumber>, sources: [String]?) async throws -> [NewVisitors] {
        try await read { try RollupQueries.newVisitors($0, days, sources) }
    }
}

/// The writing transaction: its statements are executed one by one on the writer's connection, which nobody else
/// enters meanwhile.
struct EmbeddedRollupTransaction: RollupTransaction {
    private let writer: Lease<RollupWriter>

    init(_ writer: Lease<RollupWriter>) { self.writer = writer }

    private func run<Value: Sendable>(_ work: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await perform("the rollups could not be changed") { try await writer.get().run(work) }
    }

    func state() async throws -> RollupState { try await run { try RollupQueries.state($0) } }

    func cursors() async throws -> [RollupCursor] { try await run { try RollupQueries.cursors($0) } }

    func lockCursors() async throws -> [RollupCursor] {
        // BEGIN IMMEDIATE has locked everything; a store without its state is not provisioned.
        _ = try await state()
        return try await cursors()
    }

    func forgettings() async throws -> [Forgetting] { try await run { try RollupQueries.forgettings($0) } }

    func sources() async throws -> [String] { try await run { try RollupQueries.sources($0) } }

    func counts(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String,
        value: String
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        try await run { try RollupQueries.counts($0, granularity, periods, sources, dimension, value) }
    }

    func rows(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String?
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        try await run { try RollupQueries.rows($0, granularity, periods, sources, dimension) }
    }

    func setKeys(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?
    ) async throws -> [RollupKey] {
        try await run { try RollupQueries.setKeys($0, granularity, periods, sources) }
    }

    func keysWithDeltas(
        _ granularity: Granularity, before period: PeriodNumber, limit: Int
    ) async throws -> [RollupKey] {
        try await run { try RollupQueries.keysWithDeltas($0, granularity, before: period, limit: limit) }
    }

    func recordedValues(_ values: [DimensionWeek: [String]]) async throws -> [DimensionWeek: Set<ExactText>] {
        try await run { try RollupQueries.recordedValues($0, values) }
    }

    func sets(_ keys: [RollupKey]) async throws -> [RollupKey: StoredSet] {
        try await run { try RollupQueries.sets($0, keys) }
    }

    func visitors(of source: String, _ users: [Digest128]) async throws -> [Digest128: VisitorRecord] {
        try await run { try RollupQueries.visitors($0, source, users) }
    }

    func newVisitors(days: ClosedRange<PeriodNumber>, sources: [String]?) async throws -> [NewVisitors] {
        try await run { try RollupQueries.newVisitors($0, days, sources) }
    }

    func addVisitors(_ users: [(user: Digest128, firstDay: PeriodNumber)], to source: String) async throws -> UInt32 {
        try await run { try RollupWrites.addVisitors($0, users, source) }
    }

    func lowerFirstDays(_ days: [(number: UInt32, firstDay: PeriodNumber)], of source: String) async throws {
        try await run { try RollupWrites.lowerFirstDays($0, days, source) }
    }

    func beginForgetting(
        _ user: Digest128, of source: String, as token: String
    ) async throws -> (forgetting: Forgetting, isVisitor: Bool) {
        try await run { try RollupWrites.beginForgetting($0, user, source, token) }
    }

    func endForgetting(_ forgetting: Forgetting) async throws {
        try await run { try RollupWrites.endForgetting($0, forgetting) }
    }

    func add(_ changes: [(key: RollupKey, change: RollupCounts)]) async throws {
        try await run { try RollupWrites.add($0, changes) }
    }

    func recordValues(
        _ values: [DimensionWeek: [String]], limit: Int
    ) async throws -> [DimensionWeek: Set<ExactText>] {
        try await run { try RollupWrites.recordValues($0, values, limit: limit) }
    }

    func remove(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?
    ) async throws {
        try await run { try RollupWrites.remove($0, granularity, periods, sources) }
    }

    func recut(
        in calendar: ReportingCalendar, intervalsFrom first: PeriodNumber?, keeping firstDays: Bool
    ) async throws {
        try await run { try RollupWrites.recut($0, calendar, first, keeping: firstDays) }
    }

    func appendDeltas(_ deltas: [(key: RollupKey, delta: [UInt8])]) async throws {
        try await run { try RollupWrites.appendDeltas($0, deltas) }
    }

    func compact(_ key: RollupKey, chunks: [UInt16: [UInt8]]) async throws {
        try await run { try RollupWrites.compact($0, key, chunks) }
    }

    func moveCursors(_ moves: [(from: RollupCursor?, to: RollupCursor)]) async throws {
        try await run { try RollupWrites.moveCursors($0, moves) }
    }

    func raiseRevision() async throws {
        try await run { try $0.execute(sql: "UPDATE rollup_state SET revision = revision + 1") }
    }

    func setCompleteThrough(_ time: Int64) async throws {
        try await run { db in
            try db.execute(
                sql: "UPDATE rollup_state SET complete_through = max(ifnull(complete_through, ?1), ?1)",
                arguments: [time])
        }
    }
}

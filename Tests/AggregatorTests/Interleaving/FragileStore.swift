import Events
import Stores

/// A rollup store with a fuse at every statement and before every commit.
struct FragileStore: RollupStore {
    let base: any RollupStore
    let fuse: Fuse

    func provision(timeZone: String) async throws { try await base.provision(timeZone: timeZone) }

    func withTransaction<Value: Sendable>(
        _ body: @Sendable (any RollupTransaction) async throws -> Value
    ) async throws -> Value {
        try await base.withTransaction { transaction in
            let value = try await body(FragileTransaction(base: transaction, fuse: fuse))
            try fuse.burn()
            return value
        }
    }

    func withReader<Value: Sendable>(
        _ body: @Sendable (any RollupReader) async throws -> Value
    ) async throws -> Value {
        try await base.withReader(body)
    }

    func lead(as holder: String, for term: Duration) async throws -> Bool {
        try await base.lead(as: holder, for: term)
    }

    func resign(as holder: String) async throws { try await base.resign(as: holder) }
    func checkHealth() async throws { try await base.checkHealth() }
    func close() async { await base.close() }
}

private struct FragileTransaction: RollupTransaction {
    let base: any RollupTransaction
    let fuse: Fuse

    func state() async throws -> RollupState { try await base.state() }
    func cursors() async throws -> [RollupCursor] { try await base.cursors() }
    func forgettings() async throws -> [Forgetting] { try await base.forgettings() }
    func sources() async throws -> [String] { try await base.sources() }

    func counts(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String,
        value: String
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        try await base.counts(granularity, periods: periods, sources: sources, dimension: dimension, value: value)
    }

    func rows(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String?
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        try await base.rows(granularity, periods: periods, sources: sources, dimension: dimension)
    }

    func setKeys(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?
    ) async throws -> [RollupKey] {
        try await base.setKeys(granularity, periods: periods, sources: sources)
    }

    func newVisitors(days: ClosedRange<PeriodNumber>, sources: [String]?) async throws -> [NewVisitors] {
        try await base.newVisitors(days: days, sources: sources)
    }

    func keysWithDeltas(
        _ granularity: Granularity, before period: PeriodNumber, limit: Int
    ) async throws -> [RollupKey] {
        try await base.keysWithDeltas(granularity, before: period, limit: limit)
    }

    func recordedValues(_ values: [DimensionWeek: [String]]) async throws -> [DimensionWeek: Set<ExactText>] {
        try await base.recordedValues(values)
    }

    func sets(_ keys: [RollupKey]) async throws -> [RollupKey: StoredSet] {
        try fuse.burn()
        return try await base.sets(keys)
    }

    func visitors(of source: String, _ users: [Digest128]) async throws -> [Digest128: VisitorRecord] {
        try fuse.burn()
        return try await base.visitors(of: source, users)
    }

    func lockCursors() async throws -> [RollupCursor] {
        try fuse.burn()
        return try await base.lockCursors()
    }

    func addVisitors(_ users: [(user: Digest128, firstDay: PeriodNumber)], to source: String) async throws -> UInt32 {
        try fuse.burn()
        return try await base.addVisitors(users, to: source)
    }

    func lowerFirstDays(_ days: [(number: UInt32, firstDay: PeriodNumber)], of source: String) async throws {
        try fuse.burn()
        try await base.lowerFirstDays(days, of: source)
    }

    func beginForgetting(
        _ user: Digest128, of source: String, as token: String
    ) async throws -> (forgetting: Forgetting, isVisitor: Bool) {
        try fuse.burn()
        return try await base.beginForgetting(user, of: source, as: token)
    }

    func endForgetting(_ forgetting: Forgetting) async throws {
        try fuse.burn()
        try await base.endForgetting(forgetting)
    }

    func recordValues(
        _ values: [DimensionWeek: [String]], limit: Int
    ) async throws -> [DimensionWeek: Set<ExactText>] {
        try fuse.burn()
        return try await base.recordValues(values, limit: limit)
    }

    func remove(_ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?) async throws {
        try fuse.burn()
        try await base.remove(granularity, periods: periods, sources: sources)
    }

    func recut(
        in calendar: ReportingCalendar, intervalsFrom first: PeriodNumber?, keeping firstDays: Bool
    ) async throws {
        try fuse.burn()
        try await base.recut(in: calendar, intervalsFrom: first, keeping: firstDays)
    }

    func add(_ changes: [(key: RollupKey, change: RollupCounts)]) async throws {
        try fuse.burn()
        try await base.add(changes)
    }

    func appendDeltas(_ deltas: [(key: RollupKey, delta: [UInt8])]) async throws {
        try fuse.burn()
        try await base.appendDeltas(deltas)
    }

    func compact(_ key: RollupKey, chunks: [UInt16: [UInt8]]) async throws {
        try fuse.burn()
        try await base.compact(key, chunks: chunks)
    }

    func moveCursors(_ moves: [(from: RollupCursor?, to: RollupCursor)]) async throws {
        try fuse.burn()
        try await base.moveCursors(moves)
    }

    func raiseRevision() async throws {
        try fuse.burn()
        try await base.raiseRevision()
    }

    func setCompleteThrough(_ time: Int64) async throws {
        try fuse.burn()
        try await base.setCompleteThrough(time)
    }
}

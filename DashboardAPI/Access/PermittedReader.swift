import Events
import Stores

/// Rollups as far as a caller may see them.
///
/// Every question reads through one of these, so none can forget whom it answers: where it names no source, it gets
/// those that the caller may see, and a source that it may not see is a 403.
struct PermittedReader: RollupReader {
    let base: any RollupReader
    let caller: Caller

    func state() async throws -> RollupState { try await base.state() }

    func cursors() async throws -> [RollupCursor] { try await base.cursors() }

    func forgettings() async throws -> [Forgetting] { try await base.forgettings().filter { caller.maySee($0.source) } }

    func sources() async throws -> [String] { try await base.sources().filter(caller.maySee) }

    func counts(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String,
        value: String
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        try await base.counts(
            granularity, periods: periods, sources: try caller.sources(of: sources), dimension: dimension, value: value)
    }

    func rows(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String?
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        try await base.rows(
            granularity, periods: periods, sources: try caller.sources(of: sources), dimension: dimension)
    }

    func setKeys(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?
    ) async throws -> [RollupKey] {
        try await base.setKeys(granularity, periods: periods, sources: try caller.sources(of: sources))
    }

    func newVisitors(days: ClosedRange<PeriodNumber>, sources: [String]?) async throws -> [NewVisitors] {
        try await base.newVisitors(days: days, sources: try caller.sources(of: sources))
    }

    func keysWithDeltas(
        _ granularity: Granularity, before period: PeriodNumber, limit: Int
    ) async throws -> [RollupKey] {
        try await base.keysWithDeltas(granularity, before: period, limit: limit).filter { caller.maySee($0.source) }
    }

    func recordedValues(_ values: [DimensionWeek: [String]]) async throws -> [DimensionWeek: Set<ExactText>] {
        _ = try caller.sources(of: values.keys.map(\.source))
        return try await base.recordedValues(values)
    }

    func sets(_ keys: [RollupKey]) async throws -> [RollupKey: StoredSet] {
        _ = try caller.sources(of: keys.map(\.source))
        return try await base.sets(keys)
    }

    func visitors(of source: String, _ users: [Digest128]) async throws -> [Digest128: VisitorRecord] {
        _ = try caller.sources(of: [source])
        return try await base.visitors(of: source, users)
    }
}

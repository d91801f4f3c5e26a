internal import Events
internal import Stores

/// Reads of one snapshot.
struct PostgresReader: PostgresReads {
    let session: PostgresSession
}

/// The reads that readers and writers share.
protocol PostgresReads: RollupReader {
    var session: PostgresSession { get }
}

extension PostgresReads {
    func state() async throws -> RollupState {
        let found = try await session.rows(RollupStatements.state) { row in
            RollupState(
                timeZone: try row.text(0), zoneRules: row.optionalText(4), completeThrough: try row.optionalInteger(1),
                revision: try row.int64(2),
                forgotten: try row.int64(3))
        }
        guard let state = found.first else { throw DatabaseError.notProvisioned("rollup_state is empty") }
        return state
    }

    func cursors() async throws -> [RollupCursor] { try await cursors(RollupStatements.cursors) }

    func cursors(_ statement: PostgresStatement) async throws -> [RollupCursor] {
        try await session.rows(statement) { row in
            RollupCursor(
                partition: PartitionEpoch(epoch: try row.int32(0), partition: try row.int32(1)),
                nextOffset: try row.int64(2), foldedStored: try row.int64(3))
        }
    }

    func forgettings() async throws -> [Forgetting] {
        try await session.rows(VisitorStatements.forgettings) { row in
            guard let user = Digest128(bytes: try row.bytes(1)) else {
                throw DatabaseError(postgres: .corrupt, "a hash is of another size")
            }
            return Forgetting(source: try row.text(0), user: user, token: try row.text(2))
        }
    }

    func sources() async throws -> [String] { try await session.rows(RollupStatements.sources) { try $0.text(0) } }

    func counts(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String,
        value: String
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        var parameters: [PostgresParameter] = [
            .integer(periods.lowerBound), .integer(periods.upperBound), .text(dimension), .text(value),
        ]
        if let sources { parameters.append(.texts(sources)) }
        let statement = RollupStatements.counts(granularity, allSources: sources == nil)
        return try await session.rows(statement, parameters) { row in
            let key = RollupKey(
                source: try row.text(0), granularity: granularity, period: try row.int32(1), dimension: dimension,
                value: value)
            return (key: key, counts: RollupCounts(events: try row.int64(2), visitors: try row.int64(3)))
        }
    }

    func rows(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String?
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        var parameters: [PostgresParameter] = [.integer(periods.lowerBound), .integer(periods.upperBound)]
        if let sources { parameters.append(.texts(sources)) }
        if let dimension { parameters.append(.text(dimension)) }
        let statement = RollupStatements.rows(
            granularity, allSources: sources == nil, allDimensions: dimension == nil)
        return try await session.rows(statement, parameters) { row in
            let key = RollupKey(
                source: try row.text(0), granularity: granularity, period: try row.int32(1),
                dimension: try row.text(2), value: try row.text(3))
            return (key: key, counts: RollupCounts(events: try row.int64(4), visitors: try row.int64(5)))
        }.sorted { $0.key < $1.key }
    }

    func setKeys(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?
    ) async throws -> [RollupKey] {
        try await session.rows(
            VisitorStatements.setKeys(allSources: sources == nil), granularity.window(periods, sources)
        ) { row in
            RollupKey(
                source: try row.text(0), granularity: granularity, period: try row.int32(1),
                dimension: try row.text(2), value: try row.text(3))
        }.sorted()
    }

    func keysWithDeltas(
        _ granularity: Granularity, before period: PeriodNumber, limit: Int
    ) async throws -> [RollupKey] {
        let parameters: [PostgresParameter] = [.text(granularity.rawValue), .integer(period), .bigint(Int64(limit))]
        return try await session.rows(VisitorStatements.keysWithDeltas, parameters) { row in
            RollupKey(
                source: try row.text(0), granularity: granularity, period: try row.int32(1),
                dimension: try row.text(2), value: try row.text(3))
        }
    }

    func recordedValues(_ values: [DimensionWeek: [String]]) async throws -> [DimensionWeek: Set<ExactText>] {
        var recorded: [DimensionWeek: Set<ExactText>] = [:]
        for (week, values) in values {
            let found = try await session.rows(RollupStatements.recordedValues, week.parameters + [.texts(values)]) {
                ExactText(try $0.text(0))
            }
            recorded[week] = Set(found)
        }
        return recorded
    }

    func sets(_ keys: [RollupKey]) async throws -> [RollupKey: StoredSet] {
        let parts = try await session.rows(VisitorStatements.sets, keys.parameters) { row in
            SetPart(place: try row.int64(0), chunk: try row.optionalInteger(1), bitmap: try row.bytes(2))
        }
        // By place and not by key: a key that is asked for twice comes twice.
        var sets: [Int64: StoredSet] = [:]
        for part in parts {
            if let chunk = part.chunk {
                sets[part.place, default: StoredSet()].chunks[UInt16(truncatingIfNeeded: chunk)] = part.bitmap
            } else {
                sets[part.place, default: StoredSet()].deltas.append(part.bitmap)
            }
        }
        return sets.reduce(into: [:]) { $0[keys[Int($1.key - 1)]] = $1.value }
    }

    func visitors(of source: String, _ users: [Digest128]) async throws -> [Digest128: VisitorRecord] {
        let parameters: [PostgresParameter] = [.text(source), .byteas(users.map(\.bytes))]
        let found = try await session.rows(VisitorStatements.visitors, parameters) { row in
            guard let user = Digest128(bytes: try row.bytes(0)), let number = UInt32(exactly: try row.int64(1)) else {
                throw DatabaseError(postgres: .corrupt, "a visitor's hash or number is of another size")
            }
            return (user, VisitorRecord(number: number, firstDay: try row.int32(2)))
        }
        return Dictionary(found) { first, _ in first }
    }

    func newVisitors(days: ClosedRange<PeriodNumber>, sources: [String]?) async throws -> [NewVisitors] {
        let bounds: [PostgresParameter] = [.integer(days.lowerBound), .integer(days.upperBound)]
        return try await session.rows(
            VisitorStatements.newVisitors(allSources: sources == nil), bounds + (sources.map { [.texts($0)] } ?? [])
        ) { row in
            NewVisitors(source: try row.text(0), day: try row.int32(1), visitors: try row.int64(2))
        }
    }
}

private struct SetPart: Sendable {
    var place: Int64
    var chunk: Int32?
    var bitmap: [UInt8]
}

extension [RollupKey] {
    /// Source, granularity, period number, dimension and value, each as an array.
    var parameters: [PostgresParameter] {
        [
            .texts(map(\.source)), .texts(map(\.granularity.rawValue)), .integers(map(\.period)),
            .texts(map(\.dimension)), .texts(map(\.value)),
        ]
    }
}

extension DimensionWeek {
    /// Source, dimension and the week's number.
    var parameters: [PostgresParameter] { [.text(source), .text(dimension), .integer(week)] }
}

extension Granularity {
    /// Granularity, bounds and, where not all are meant, sources.
    func window(_ periods: ClosedRange<PeriodNumber>, _ sources: [String]?) -> [PostgresParameter] {
        [.text(rawValue), .integer(periods.lowerBound), .integer(periods.upperBound)]
            + (sources.map { [.texts($0)] } ?? [])
    }
}

import Events
import Stores
import Synchronization

/// One transaction, over a copy of the tables.
final class RollupTransactionModel: RollupTransaction {
    static let failure = DatabaseError(.timedOut, store: "model", "the model was told to fail")

    private let journal: Journal
    private let changed: Mutex<RollupTables>

    init(_ tables: RollupTables, journal: Journal = Journal()) {
        self.journal = journal
        changed = Mutex(tables)
    }

    var tables: RollupTables { changed.withLock { $0 } }

    private func change<Value: Sendable>(
        _ call: String, _ effect: (inout sending RollupTables) throws -> sending Value
    ) throws -> Value {
        try journal.carryOut(call, failingWith: Self.failure) { _ in try changed.withLock(effect) }
    }

    private static func forbidden(_ what: String) -> DatabaseError {
        DatabaseError(.refusedValue, store: "model", what)
    }

    func state() async throws -> RollupState { tables.state }

    func cursors() async throws -> [RollupCursor] { tables.cursors.values.sorted { $0.partition < $1.partition } }

    func forgettings() async throws -> [Forgetting] {
        tables.forgettings.sorted { ($0.source, $0.user) < ($1.source, $1.user) }
    }

    func sources() async throws -> [String] { Set(tables.counts.keys.map(\.source)).sorted() }

    func counts(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String,
        value: String
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        tables.counts.filter { key, _ in
            key.granularity == granularity && periods.contains(key.period) && key.dimension == dimension
                && ExactText(key.value) == ExactText(value) && sources?.contains(key.source) ?? true
        }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    func rows(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?, dimension: String?
    ) async throws -> [(key: RollupKey, counts: RollupCounts)] {
        tables.counts.filter { key, _ in
            key.isIn(granularity, periods, sources) && dimension.map { $0 == key.dimension } ?? true
        }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    func setKeys(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?
    ) async throws -> [RollupKey] {
        tables.sets.keys.filter { $0.isIn(granularity, periods, sources) }.sorted()
    }

    func keysWithDeltas(
        _ granularity: Granularity, before period: PeriodNumber, limit: Int
    ) async throws -> [RollupKey] {
        let found = tables.sets.filter { key, set in
            key.granularity == granularity && key.period < period && !set.deltas.isEmpty
        }
        return Array(found.keys.prefix(limit))
    }

    func recordedValues(_ values: [DimensionWeek: [String]]) async throws -> [DimensionWeek: Set<ExactText>] {
        Dictionary(
            uniqueKeysWithValues: values.map { week, values in
                (week, (tables.values[week] ?? []).intersection(values.map { ExactText($0) }))
            })
    }

    func recordValues(
        _ values: [DimensionWeek: [String]], limit: Int
    ) async throws -> [DimensionWeek: Set<ExactText>] {
        try change("record values") { tables in
            for (week, values) in values {
                for value in values where tables.values[week, default: []].count < limit {
                    tables.values[week, default: []].insert(ExactText(value))
                }
            }
        }
        return try await recordedValues(values)
    }

    func remove(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?
    ) async throws {
        try change("remove") { tables in
            tables.counts = tables.counts.filter { !$0.key.isIn(granularity, periods, sources) }
            tables.sets = tables.sets.filter { !$0.key.isIn(granularity, periods, sources) }
        }
    }

    func recut(
        in calendar: ReportingCalendar, intervalsFrom first: PeriodNumber?, keeping firstDays: Bool
    ) async throws {
        try change("recut") { tables in
            func isKept(_ key: RollupKey) -> Bool {
                key.granularity == .interval && first.map { key.period < $0 } ?? false
            }
            tables.counts = tables.counts.filter { isKept($0.key) }
            tables.sets = tables.sets.filter { isKept($0.key) }
            tables.values = [:]
            if !firstDays {
                tables.visitors = tables.visitors.mapValues { visitors in
                    visitors.mapValues { VisitorRecord(number: $0.number, firstDay: .laterThanAny) }
                }
            }
            (tables.state.timeZone, tables.state.zoneRules) = (calendar.identifier, calendar.rules)
        }
    }

    func sets(_ keys: [RollupKey]) async throws -> [RollupKey: StoredSet] {
        try change("read sets") { tables in
            let wanted = Set(keys)
            return tables.sets.filter { wanted.contains($0.key) }
        }
    }

    func visitors(of source: String, _ users: [Digest128]) async throws -> [Digest128: VisitorRecord] {
        try change("read visitors") { tables in
            let wanted = Set(users)
            return (tables.visitors[source] ?? [:]).filter { wanted.contains($0.key) }
        }
    }

    func newVisitors(days: ClosedRange<PeriodNumber>, sources: [String]?) async throws -> [NewVisitors] {
        tables.visitors.filter { sources?.contains($0.key) ?? true }.flatMap { source, visitors in
            let firstDays = Dictionary(grouping: visitors.values.map(\.firstDay).filter(days.contains)) { $0 }
            return firstDays.map { NewVisitors(source: source, day: $0, visitors: Int64($1.count)) }
        }.sorted { ($0.source, $0.day) < ($1.source, $1.day) }
    }

    func lockCursors() async throws -> [RollupCursor] {
        try change("lock cursors") { _ in }
        return try await cursors()
    }

    func addVisitors(_ users: [(user: Digest128, firstDay: PeriodNumber)], to source: String) async throws -> UInt32 {
        try change("add visitors") { tables in
            let first = UInt32(tables.visitors[source]?.count ?? 0)
            for (index, user) in users.enumerated() {
                let record = VisitorRecord(number: first + UInt32(index), firstDay: user.firstDay)
                guard tables.visitors[source, default: [:]].updateValue(record, forKey: user.user) == nil else {
                    throw Self.forbidden("a visitor is added twice")
                }
            }
            return first
        }
    }

    func lowerFirstDays(_ days: [(number: UInt32, firstDay: PeriodNumber)], of source: String) async throws {
        try change("lower first days") { tables in
            let lowered = Dictionary(uniqueKeysWithValues: days.map { ($0.number, $0.firstDay) })
            tables.visitors[source] = tables.visitors[source]?.mapValues { record in
                let day = min(record.firstDay, lowered[record.number] ?? record.firstDay)
                return VisitorRecord(number: record.number, firstDay: day)
            }
        }
    }

    func beginForgetting(
        _ user: Digest128, of source: String, as token: String
    ) async throws -> (forgetting: Forgetting, isVisitor: Bool) {
        try change("begin forgetting") { tables in
            let known = tables.forgettings.first { $0.source == source && $0.user == user }
            let forgetting = known ?? Forgetting(source: source, user: user, token: token)
            if known == nil { tables.forgettings.append(forgetting) }
            if let record = tables.visitors[source]?.removeValue(forKey: user) {
                tables.visitors[source]?[forgetting.alias] = record
            }
            return (forgetting, tables.visitors[source]?[forgetting.alias] != nil)
        }
    }

    func endForgetting(_ forgetting: Forgetting) async throws {
        try change("end forgetting") { tables in
            guard let index = tables.forgettings.firstIndex(of: forgetting) else {
                throw DatabaseError(.contended, store: "model", "not on record")
            }
            tables.forgettings.remove(at: index)
            tables.state.forgotten += 1
        }
    }

    func add(_ changes: [(key: RollupKey, change: RollupCounts)]) async throws {
        try change("add counts") { tables in
            for (key, change) in changes {
                let old = tables.counts[key] ?? RollupCounts(events: 0, visitors: 0)
                tables.counts[key] = RollupCounts(
                    events: old.events + change.events, visitors: old.visitors + change.visitors)
            }
        }
    }

    func appendDeltas(_ deltas: [(key: RollupKey, delta: [UInt8])]) async throws {
        try change("append deltas") { tables in
            for (key, delta) in deltas { tables.sets[key, default: StoredSet()].deltas.append(delta) }
        }
    }

    func compact(_ key: RollupKey, chunks: [UInt16: [UInt8]]) async throws {
        try change("compact") { tables in
            tables.sets[key, default: StoredSet()].chunks.merge(chunks) { $1 }
            tables.sets[key]?.deltas = []
        }
    }

    func moveCursors(_ moves: [(from: RollupCursor?, to: RollupCursor)]) async throws {
        try change("move cursors") { tables in
            for (from, to) in moves {
                guard tables.cursors[to.partition] == from else {
                    throw DatabaseError(.contended, store: "model", "another cursor is stored")
                }
                tables.cursors[to.partition] = to
            }
        }
    }

    func raiseRevision() async throws { try change("raise revision") { $0.state.revision += 1 } }

    func setCompleteThrough(_ time: Int64) async throws {
        try change("set complete through") { $0.state.completeThrough = max($0.state.completeThrough ?? time, time) }
    }
}

extension RollupKey {
    fileprivate func isIn(
        _ granularity: Granularity, _ periods: ClosedRange<PeriodNumber>, _ sources: [String]?
    ) -> Bool {
        self.granularity == granularity && periods.contains(period) && sources?.contains(source) ?? true
    }
}

internal import Events
internal import Stores

/// One transaction of the merging writer. Each call is one statement, however many rows it writes.
struct PostgresTransaction: PostgresReads, RollupTransaction {
    let session: PostgresSession

    func lockCursors() async throws -> [RollupCursor] {
        // The state's row first: it is there before any cursor is.
        try await expectState(RollupStatements.lockState)
        return try await cursors(RollupStatements.lockCursors)
    }

    func addVisitors(_ users: [(user: Digest128, firstDay: PeriodNumber)], to source: String) async throws -> UInt32 {
        guard Set(users.map(\.user)).count == users.count else {
            // The server would call it a conflict with another writer, which a repetition mends; not this.
            throw await session.failing(DatabaseError(postgres: .refusedValue, "a visitor is to be added twice"))
        }
        let first = try await session.count(
            VisitorStatements.addVisitors,
            [
                .text(source), .byteas(users.map(\.user.bytes)), .integers(users.map(\.firstDay)),
                .bigint(Int64(users.count)),
            ])
        guard let number = UInt32(exactly: first) else {
            throw await session.failing(DatabaseError(postgres: .refusedValue, "the visitor numbers are used up"))
        }
        return number
    }

    func lowerFirstDays(_ days: [(number: UInt32, firstDay: PeriodNumber)], of source: String) async throws {
        guard !days.isEmpty else { return }
        try await run(
            VisitorStatements.lowerFirstDays,
            [.text(source), .bigints(days.map { Int64($0.number) }), .integers(days.map(\.firstDay))])
    }

    func beginForgetting(
        _ user: Digest128, of source: String, as token: String
    ) async throws -> (forgetting: Forgetting, isVisitor: Bool) {
        let user: (digest: Digest128, parameter: PostgresParameter) = (user, .bytea(user.bytes))
        let tokens = try await session.rows(
            VisitorStatements.beginForgetting, [.text(source), user.parameter, .text(token)]
        ) { try $0.text(0) }
        let forgetting = Forgetting(source: source, user: user.digest, token: tokens.first ?? token)
        let visitors = try await session.count(
            VisitorStatements.renameVisitor, [.text(source), user.parameter, .bytea(forgetting.alias.bytes)])
        return (forgetting, visitors > 0)
    }

    func endForgetting(_ forgetting: Forgetting) async throws {
        try await expect(
            1, VisitorStatements.endForgetting,
            [.text(forgetting.source), .bytea(forgetting.user.bytes), .text(forgetting.token)])
        try await expectState(RollupStatements.countForgotten)
    }

    func recut(
        in calendar: ReportingCalendar, intervalsFrom first: PeriodNumber?, keeping firstDays: Bool
    ) async throws {
        let (rows, sets) =
            first.map { first in
                (
                    " WHERE period >= timestamptz 'epoch' + \(first) * interval '15 minutes'",
                    " WHERE granularity <> 'interval' OR period_number >= \(first)"
                )
            } ?? ("", "")
        // As a script: whatever there is has to go, however long it takes.
        try await session.script(
            """
            SET LOCAL statement_timeout = 0;
            DELETE FROM interval_rollup\(rows); DELETE FROM daily_rollup; DELETE FROM weekly_rollup;
            DELETE FROM visitor_set\(sets); DELETE FROM dimension_value;
            """)
        if !firstDays {
            try await session.script(
                """
                UPDATE visitor SET first_day = date 'epoch' + \(PeriodNumber.laterThanAny);
                DELETE FROM new_visitors;
                INSERT INTO new_visitors (day, visitors, source) SELECT first_day, count(*), source FROM visitor GROUP BY 1, 3
                """)
        }
        try await run(replaceTimeZone, [.text(calendar.identifier), .text(calendar.rules)])
    }

    func add(_ changes: [(key: RollupKey, change: RollupCounts)]) async throws {
        for granularity in Granularity.allCases {
            let part = changes.filter { $0.key.granularity == granularity }
            guard !part.isEmpty else { continue }
            try await run(
                RollupStatements.add(granularity),
                [
                    .texts(part.map(\.key.source)), .integers(part.map(\.key.period)),
                    .texts(part.map(\.key.dimension)), .texts(part.map(\.key.value)),
                    .bigints(part.map(\.change.events)), .bigints(part.map(\.change.visitors)),
                ])
        }
    }

    func recordValues(
        _ values: [DimensionWeek: [String]], limit: Int
    ) async throws -> [DimensionWeek: Set<ExactText>] {
        var recorded: [DimensionWeek: Set<ExactText>] = [:]
        for (week, values) in values.sorted(by: { $0.key < $1.key }) {
            let found = try await session.rows(
                RollupStatements.recordValues, week.parameters + [.texts(values), .bigint(Int64(limit))]
            ) { ExactText(try $0.text(0)) }
            recorded[week] = Set(found)
        }
        return recorded
    }

    func remove(
        _ granularity: Granularity, periods: ClosedRange<PeriodNumber>, sources: [String]?
    ) async throws {
        let bounds: [PostgresParameter] = [.integer(periods.lowerBound), .integer(periods.upperBound)]
        try await run(
            RollupStatements.removeRows(granularity, allSources: sources == nil),
            bounds + (sources.map { [.texts($0)] } ?? []))
        try await run(VisitorStatements.removeSets(allSources: sources == nil), granularity.window(periods, sources))
    }

    func appendDeltas(_ deltas: [(key: RollupKey, delta: [UInt8])]) async throws {
        guard !deltas.isEmpty else { return }
        let parameters = deltas.map(\.key).parameters + [.byteas(deltas.map(\.delta))]
        try await expect(deltas.count, VisitorStatements.appendDeltas, parameters)
    }

    func compact(_ key: RollupKey, chunks: [UInt16: [UInt8]]) async throws {
        let parameters: [PostgresParameter] = [
            .text(key.source), .text(key.granularity.rawValue), .integer(key.period), .text(key.dimension),
            .text(key.value), .integers(chunks.map { Int32($0.key) }), .byteas(chunks.map(\.value)),
        ]
        try await expect(1, VisitorStatements.compact, parameters)
    }

    func moveCursors(_ moves: [(from: RollupCursor?, to: RollupCursor)]) async throws {
        guard moves.allSatisfy({ $0.from.map(\.partition) ?? $0.to.partition == $0.to.partition }) else {
            throw await session.failing(DatabaseError(postgres: .refusedValue, "a cursor keeps its partition"))
        }
        try await expect(
            moves.count, RollupStatements.moveCursors,
            [
                .integers(moves.map(\.to.partition.epoch)), .integers(moves.map(\.to.partition.partition)),
                .bigints(moves.map(\.from?.nextOffset)), .bigints(moves.map(\.from?.foldedStored)),
                .bigints(moves.map(\.to.nextOffset)), .bigints(moves.map(\.to.foldedStored)),
            ])
    }

    func raiseRevision() async throws { try await expectState(RollupStatements.raiseRevision) }

    func setCompleteThrough(_ time: Int64) async throws {
        try await expectState(RollupStatements.setCompleteThrough, [.bigint(time)])
    }

    private func run(_ statement: PostgresStatement, _ parameters: [PostgresParameter]) async throws {
        _ = try await session.rows(statement, parameters) { _ in }
    }

    /// Throws `.contended` unless so many rows were met: somebody else changed them.
    private func expect(
        _ count: Int, _ statement: PostgresStatement, _ parameters: [PostgresParameter]
    ) async throws {
        let met = try await session.count(statement, parameters)
        guard met == count else {
            let cause = "\(statement.name): \(met) of \(count)"
            throw await session.failing(
                DatabaseError(postgres: .contended, "another writer changed the same rows", cause: cause))
        }
    }

    /// Throws `.notProvisioned` unless the state's row was met.
    private func expectState(_ statement: PostgresStatement, _ parameters: [PostgresParameter] = []) async throws {
        guard try await !session.rows(statement, parameters, { try $0.int64(0) }).isEmpty else {
            throw await session.failing(.notProvisioned("rollup_state is empty"))
        }
    }
}

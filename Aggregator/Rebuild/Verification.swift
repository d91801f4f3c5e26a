import Bitmaps
import Events
public import Stores

/// Recounts days from the raw events and compares every row and every set with what is stored.
public struct Verification: Sendable {
    /// A row that is not what a recount gives.
    public struct Difference: Sendable, Equatable {
        /// What stands for the dimension where visitors are counted that were first seen on a day; no dimension of
        /// events is named so. Its events are 0.
        public static let newVisitors = "new_visitors"

        /// The row.
        public var key: RollupKey
        /// What is stored; `nil` where there is no row.
        public var stored: RollupCounts?
        /// What the recount gives; `nil` where it has no such row.
        public var recounted: RollupCounts?
        /// Whether the set of visitors is another one, beside its number.
        public var isOtherSet: Bool
    }

    /// What a verification came to.
    public struct Report: Sendable, Equatable {
        /// Rows compared, those that only one side has among them.
        public var rows = 0
        /// Days and sources whose new visitors were compared.
        public var days = 0
        /// Raw events read.
        public var events: Int64 = 0
        /// Rows that differ, and days whose new visitors do.
        public var differences = 0
    }

    private let basis: RecountBasis

    /// Verifies the rollups of a basis.
    public init(_ basis: RecountBasis) { self.basis = basis }

    /// Compares a span of days, with the weeks they lie in.
    /// - Parameters:
    ///   - sources: the sources; `nil`: all.
    ///   - now: the clock, milliseconds since 1970.
    ///   - progress: told of the offsets passed and of all.
    ///   - found: told of each difference, in order.
    /// - Throws: `RecountError` where raw events are gone; a `StoreError`.
    public func run(
        _ span: RecountSpan, sources: [String]?, now: Int64, progress: @Sendable (Int64, Int64) async -> Void,
        found: @Sendable (Difference) async -> Void
    ) async throws -> Report {
        try await basis.rollups.withReader { stored in
            let state = try await stored.state()
            try state.check(basis.calendar)
            let cursors = try await stored.cursors()
            let scan = try await basis.scan(span, sources, upTo: cursors, now: now, progress)
            let forgettings = try await stored.forgettings()
            try await checkForgotten(state.forgotten, forgettings)
            var report = Report(events: scan.read)
            let users = VisitorAliases(forgettings).applied(to: scan.fold.users)
            let records = try await records(of: users, stored)
            let recount = try await recount(scan, users, records, stored)
            for granularity in Granularity.allCases {
                try await compare(granularity, span, sources, recount, stored, &report, found)
            }
            let firstDays = FirstDays(span.daysRead, users, records)
            try await compare(firstDays, span, sources, stored, &report, found)
            return report
        }
    }

    /// What the rows must hold: events, and visitors by the store's numbers (`nil` where one has no number).
    private typealias Rows = [RollupKey: (events: Int64, count: Int, visitors: VisitorSet?)]

    /// Throws `.contended` where a user was or began to be forgotten since these rollups were committed: raw events that
    /// were read since then may name them otherwise.
    private func checkForgotten(_ forgotten: Int64, _ forgettings: [Forgetting]) async throws {
        try await basis.rollups.withReader { reader in
            try await reader.state().check(forgotten)
            guard try await reader.forgettings() == forgettings else { throw RollupState.forgottenMeanwhile }
        }
    }

    /// What is on record of users, by source.
    private func records(
        of users: [String: Fold.Users], _ stored: any RollupReader
    ) async throws -> [String: [Digest128: VisitorRecord]] {
        var records: [String: [Digest128: VisitorRecord]] = [:]
        for (source, users) in users { records[source] = try await stored.visitors(of: source, users.digests) }
        return records
    }

    private func recount(
        _ scan: RawScan, _ users: [String: Fold.Users], _ records: [String: [Digest128: VisitorRecord]],
        _ stored: any RollupReader
    ) async throws -> Rows {
        let recorded = try await stored.recordedValues(scan.fold.values())
        var tables: [String: [UInt32?]] = [:]
        for (source, users) in users { tables[source] = users.digests.map { records[source]?[$0]?.number } }
        return scan.fold.changes(recorded).reduce(into: Rows()) { rows, row in
            guard scan.isOfSpan(row.key) else { return }
            let numbers = row.value.users.compactMap { tables[row.key.source]?[Int($0)] }
            let isWhole = numbers.count == row.value.users.count
            let visitors = isWhole ? VisitorSet(numbers) : nil
            // One who is being forgotten has two names.
            rows[row.key] = (row.value.events, visitors?.count ?? row.value.users.count, visitors)
        }
    }

    private func compare(
        _ granularity: Granularity, _ span: RecountSpan, _ sources: [String]?, _ recount: Rows,
        _ stored: any RollupReader, _ report: inout Report, _ found: @Sendable (Difference) async -> Void
    ) async throws {
        let periods = span.periods(granularity, basis.calendar)
        let rows = try await stored.rows(granularity, periods: periods, sources: sources, dimension: nil)
        let counts = Dictionary(rows.map { ($0.key, $0.counts) }) { first, _ in first }
        let setKeys = try await stored.setKeys(granularity, periods: periods, sources: sources)
        let all = Set(counts.keys).union(setKeys).union(recount.keys.filter { $0.granularity == granularity }).sorted()
        for start in stride(from: 0, to: all.count, by: 2_000) {
            let part = Array(all[start..<min(start + 2_000, all.count)])
            let sets = try await stored.sets(part).mapValues { try LoadedSet($0).all }
            for key in part {
                report.rows += 1
                guard let difference = difference(key, counts[key], sets[key], recount[key]) else { continue }
                report.differences += 1
                await found(difference)
            }
        }
    }

    private func difference(
        _ key: RollupKey, _ counts: RollupCounts?, _ set: VisitorSet?, _ recount: Rows.Value?
    ) -> Difference? {
        let recounted = recount.map { RollupCounts(events: $0.events, visitors: Int64($0.count)) }
        let isOtherSet = recount.map { $0.visitors ?? VisitorSet() } ?? VisitorSet() != set ?? VisitorSet()
        guard counts != recounted || isOtherSet else { return nil }
        return Difference(key: key, stored: counts, recounted: recounted, isOtherSet: isOtherSet)
    }

    /// Compares how many visitors were first seen on each day, and who.
    private func compare(
        _ firstDays: FirstDays, _ span: RecountSpan, _ sources: [String]?, _ stored: any RollupReader,
        _ report: inout Report, _ found: @Sendable (Difference) async -> Void
    ) async throws {
        let counts = try await stored.newVisitors(days: span.days, sources: sources).reduce(into: [:]) {
            $0[FirstDays.DayOfSource(source: $1.source, day: $1.day)] = $1.visitors
        }
        let days = firstDays.days.filter { span.days.contains($0.day) }.union(counts.keys)
        for day in days.sorted(by: { ($0.source, $0.day) < ($1.source, $1.day) }) {
            report.days += 1
            let recounted = Int64(firstDays.recounted[day]?.count ?? 0)
            guard counts[day] ?? 0 != recounted || firstDays.differ(on: day) else { continue }
            report.differences += 1
            await found(
                Difference(
                    key: RollupKey(
                        source: day.source, granularity: .day, period: day.day, dimension: Difference.newVisitors,
                        value: ""),
                    stored: counts[day].map { RollupCounts(events: 0, visitors: $0) },
                    recounted: RollupCounts(events: 0, visitors: recounted), isOtherSet: firstDays.differ(on: day)))
        }
    }
}

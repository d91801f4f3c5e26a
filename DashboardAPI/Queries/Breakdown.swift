import Bitmaps
import Events
import Foundation
import Operations
import Stores

/// What an analyst asks of `/api/analytics/breakdown`: the values of a dimension over days.
struct BreakdownQuery: Sendable, Equatable {
    /// What rows are ordered by; ties go by value.
    enum Order: String, Sendable, CaseIterable {
        case visitors
        case events
        case value
    }

    /// Days of a range, at most: a year.
    static let maximumDays = 366
    static let parameters: Set<String> = [
        "dimension", "date", "from", "to", "source", "timezone", "order", "limit", "page", "format",
    ]

    var dimension: String
    var from: CivilDate
    var to: CivilDate
    var source: String?
    var order: Order
    var limit: Int
    var page: Int

    /// Reads a query.
    /// - Parameter timeZone: the one that rollups are cut in; buckets of other zones hold no dimensions.
    /// - Throws: `Problem` naming the parameter and what is allowed.
    init(_ parameters: QueryParameters, timeZone: String) throws {
        dimension = try Self.dimension(parameters)
        if let date = try parameters.date("date") {
            guard parameters["from"] == nil, parameters["to"] == nil else {
                throw QueryParameters.problem("date", "cannot be given together with from and to")
            }
            (from, to) = (date, date)
        } else {
            guard let first = try parameters.date("from"), let last = try parameters.date("to") else {
                throw QueryParameters.problem("date", "is required, or from and to")
            }
            (from, to) = (first, last)
        }
        guard from <= to else { throw QueryParameters.problem("to", "must not be before from") }
        guard Int(to.dayNumber) - Int(from.dayNumber) < Self.maximumDays else {
            throw QueryParameters.problem("to", "must not be more than \(Self.maximumDays) days after from")
        }
        source = try parameters.source()
        if let wanted = parameters["timezone"], wanted != timeZone {
            throw QueryParameters.problem("timezone", "days of dimensions are cut in \(timeZone) only")
        }
        order = try parameters.choice("order", Order.self) ?? .visitors
        limit = try parameters.number("limit", default: 100, in: 1...1000)
        page = try parameters.number("page", default: 1, in: 1...100_000)
    }

    private static func dimension(_ parameters: QueryParameters) throws -> String {
        let known = [eventTypeDimension] + ContextDimension.allCases.map(\.rawValue)
        let rule = "must be one of \(known.joined(separator: ", ")), or \(metadataDimensionPrefix)<key>"
        guard let name = parameters["dimension"] else { throw QueryParameters.problem("dimension", rule) }
        let isOfMetadata =
            name.hasPrefix(metadataDimensionPrefix)
            && MetadataKeys([String(name.dropFirst(metadataDimensionPrefix.count))]) != nil
        guard known.contains(name) || isOfMetadata else { throw QueryParameters.problem("dimension", rule) }
        return name
    }
}

/// The answer of `/api/analytics/breakdown`.
struct BreakdownAnswer: Encodable, Sendable {
    struct Row: Encodable, Sendable, Equatable {
        var value: String
        var visitors: Int64
        var events: Int64
    }

    var dimension: String
    var from: String
    var to: String
    var timezone: String
    var source: String?
    var order: String
    var page: Int
    var limit: Int
    /// Values in all.
    var values: Int
    /// Whether some values came too late for a row of their own, and are counted under `(other)`.
    var capped: Bool
    var exact = true
    var completeThrough: String?
    var revision: Int64
    var rows: [Row]

    /// Answers from one commit of the store.
    static func answer(_ query: BreakdownQuery, from reader: any RollupReader) async throws -> BreakdownAnswer {
        let state = try await reader.state()
        let found = try await reader.rows(
            .day, periods: query.from.dayNumber...query.to.dayNumber, sources: query.source.map { [$0] },
            dimension: query.dimension)
        let all = try await rows(found, query, reader)
        let start = min(all.count, (query.page - 1) * query.limit)
        return BreakdownAnswer(
            dimension: query.dimension, from: query.from.description, to: query.to.description,
            timezone: state.timeZone, source: query.source, order: query.order.rawValue, page: query.page,
            limit: query.limit, values: all.count, capped: all.contains { $0.value == otherValue },
            completeThrough: state.completeThrough.map(Timestamp.format), revision: state.revision,
            rows: Array(all[start..<min(all.count, start + query.limit)]))
    }

    private static func rows(
        _ found: [(key: RollupKey, counts: RollupCounts)], _ query: BreakdownQuery, _ reader: any RollupReader
    ) async throws -> [Row] {
        var rows: [Row] = []
        for (value, group) in Dictionary(grouping: found, by: { ExactText($0.key.value) }) {
            let events = group.reduce(0) { $0 + $1.counts.events }
            rows.append(Row(value: value.text, visitors: try await visitors(group, reader), events: events))
        }
        return rows.sorted { left, right in
            switch query.order {
            case .visitors where left.visitors != right.visitors: left.visitors > right.visitors
            case .events where left.events != right.events: left.events > right.events
            default: left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
            }
        }
    }

    /// Over one day what the rows say; over several the union of their sets, by source.
    private static func visitors(
        _ rows: [(key: RollupKey, counts: RollupCounts)], _ reader: any RollupReader
    ) async throws -> Int64 {
        let bySource = Dictionary(grouping: rows, by: \.key.source).values
        let united = bySource.filter { $0.count > 1 }.flatMap { $0 }.map(\.key)
        let sets = united.isEmpty ? [:] : try await reader.sets(united)
        return try bySource.reduce(0) { sum, rows in
            if rows.count == 1 { return sum + rows[0].counts.visitors }
            let parts = rows.flatMap { row in (sets[row.key].map { Array($0.chunks.values) + $0.deltas }) ?? [] }
            return sum + Int64(VisitorSet.union(of: try parts.map { try VisitorSet(serialized: $0) }).count)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case dimension, from, to, timezone, source, order, page, limit, values, capped, exact, completeThrough
        case revision, rows
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(dimension, forKey: .dimension)
        try members.encode(from, forKey: .from)
        try members.encode(to, forKey: .to)
        try members.encode(timezone, forKey: .timezone)
        try members.encode(source, forKey: .source)
        try members.encode(order, forKey: .order)
        try members.encode(page, forKey: .page)
        try members.encode(limit, forKey: .limit)
        try members.encode(values, forKey: .values)
        try members.encode(capped, forKey: .capped)
        try members.encode(exact, forKey: .exact)
        try members.encode(completeThrough, forKey: .completeThrough)
        try members.encode(revision, forKey: .revision)
        try members.encode(rows, forKey: .rows)
    }
}

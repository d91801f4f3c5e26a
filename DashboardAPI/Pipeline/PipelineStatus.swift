import Events
import Stores

/// The answer of `/api/pipeline/status`: how far the pipeline is, and whether the books balance.
struct PipelineStatus: Encodable, Sendable {
    /// A store that did not answer; what it would have told is `null`.
    struct Unavailable: Encodable, Sendable, Equatable {
        var store: String
        var reason: String
    }

    /// Sums over all partitions and incarnations; `null` where a summand is not known.
    struct Totals: Sendable, Equatable {
        var stored: Int64?
        var duplicate: Int64?
        var dead: Int64?
        var lost: Int64?
        var gaps: Int64?
        var lag: Int64?
        var unfolded: Int64?
        /// The least of all.
        var timeToDataLoss: Int64?
        /// Whether all are.
        var balanced: Bool?
    }

    /// When this was found out.
    var at: String
    var completeThrough: String?
    var revision: Int64?
    var totals: Totals
    var partitions: [PartitionBooks]
    var unavailable: [Unavailable]

    /// Asks the three stores. Those that do not answer are named, the others still tell.
    /// - Parameter now: milliseconds since 1970.
    static func read(_ stores: PipelineStores, at now: Int64) async -> PipelineStatus {
        // In this order: what moves first is read last, so that nothing seems to be ahead of what it follows.
        let rollups = await result {
            try await stores.rollups.withReader { (try await $0.state(), try await $0.cursors()) }
        }
        let progress = await result { try await stores.raw.withConsistentReader { try await $0.progress() } }
        let log = await result { try await extents(stores) }
        var rows = PartitionBooks.rows(
            log.value?.extents, log.value?.committed ?? [:], progress.value, rollups.value?.1)
        var unavailable = [("rollups", rollups.reason), ("raw events", progress.reason), ("log", log.reason)]
            .compactMap { store, reason in reason.map { Unavailable(store: store, reason: $0) } }
        do { try await note(&rows, stores, at: now) } catch {
            if log.reason == nil { unavailable.append(Unavailable(store: "log", reason: "\(error)")) }
        }
        return PipelineStatus(
            at: Timestamp.format(now), completeThrough: rollups.value?.0.completeThrough.map(Timestamp.format),
            revision: rollups.value?.0.revision,
            totals: Totals(rows, hasBooks: progress.value != nil, hasLog: log.value != nil), partitions: rows,
            unavailable: unavailable)
    }

    private static func extents(
        _ stores: PipelineStores
    ) async throws -> (extents: [Int32: Watermarks], committed: [Int32: Int64]) {
        let partitions = Array(0..<Int32(try await stores.log.partitionCount(of: .userEvents)))
        let committed = try await stores.log.committed(
            group: stores.group, topic: .userEvents, partitions: partitions)
        return (try await stores.log.watermarks(of: .userEvents, partitions: partitions), committed)
    }

    /// How long those records still have that wait longest.
    private static func note(_ rows: inout [PartitionBooks], _ stores: PipelineStores, at now: Int64) async throws {
        let places = rows.compactMap { row in
            row.waiting.map { LogOffset(partition: row.partition, offset: $0) }
        }
        guard !places.isEmpty,
            let retention = await stores.log.unreadRetention(of: .userEvents, assuming: stores.assumedRetention)
        else { return }
        let records = try await stores.log.records(at: places, in: .userEvents).records
        let times = Dictionary(records.map { ($0.partition, $0.timestamp) }) { min($0, $1) }
        for index in rows.indices where rows[index].waiting != nil {
            rows[index].timeToDataLoss = times[rows[index].partition].map { max(0, ($0 + retention - now) / 1000) }
        }
    }

    /// What a store told, or why it did not.
    private static func result<Value: Sendable>(
        _ read: () async throws -> Value
    ) async -> (value: Value?, reason: String?) {
        do { return (try await read(), nil) } catch { return (nil, "\(error)") }
    }
}

extension PartitionBooks {
    /// The first record that waits for a worker, where one does and its log still has it.
    fileprivate var waiting: Int64? {
        guard let lag, lag > 0, let logStart else { return nil }
        return max(logStart, next ?? logStart)
    }
}

extension PipelineStatus.Totals {
    /// - Parameters:
    ///   - hasBooks: whether the rows hold all books that there are.
    ///   - hasLog: whether they hold the log's extent.
    init(_ rows: [PartitionBooks], hasBooks: Bool, hasLog: Bool) {
        let books = rows.filter { $0.epoch != nil }
        func sum(_ rows: [PartitionBooks], _ member: KeyPath<PartitionBooks, Int64?>) -> Int64? {
            rows.reduce(Int64?(0)) { sum, row in sum.flatMap { sum in row[keyPath: member].map { sum + $0 } } }
        }
        if hasBooks {
            (stored, duplicate, dead) = (sum(books, \.stored), sum(books, \.duplicate), sum(books, \.dead))
            (lost, gaps, unfolded) = (sum(books, \.lost), sum(books, \.gaps), sum(books, \.unfolded))
            balanced = books.contains { $0.balanced == nil } ? nil : books.allSatisfy { $0.balanced == true }
        }
        if hasLog { lag = sum(rows.filter { $0.logEnd != nil }, \.lag) }
        timeToDataLoss = rows.compactMap(\.timeToDataLoss).min()
    }
}

/// Every member is there, `null` where it is not known.
extension PipelineStatus.Totals: Encodable {
    private enum CodingKeys: String, CodingKey {
        case stored, duplicate, dead, lost, gaps, lag, unfolded, timeToDataLoss, balanced
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        let numbers: [(CodingKeys, Int64?)] = [
            (.stored, stored), (.duplicate, duplicate), (.dead, dead), (.lost, lost), (.gaps, gaps), (.lag, lag),
            (.unfolded, unfolded), (.timeToDataLoss, timeToDataLoss),
        ]
        for (name, number) in numbers { try members.encode(number, forKey: name) }
        try members.encode(balanced, forKey: .balanced)
    }
}

extension PipelineStatus {
    private enum CodingKeys: String, CodingKey {
        case at, completeThrough, revision, totals, partitions, unavailable
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(at, forKey: .at)
        try members.encode(completeThrough, forKey: .completeThrough)
        try members.encode(revision, forKey: .revision)
        try members.encode(totals, forKey: .totals)
        try members.encode(partitions, forKey: .partitions)
        try members.encode(unavailable, forKey: .unavailable)
    }
}

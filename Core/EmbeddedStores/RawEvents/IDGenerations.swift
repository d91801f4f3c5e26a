import GRDB

/// The large index of ids, `seen`: a sorted run for each generation, and the filter before them.
final class IDGenerations {
    /// A generation: ids that were drained one after the other.
    private struct Generation {
        var number: Int64
        /// Its ids, those included that are still being drained.
        var count: Int
        /// When it was begun, and when its last ids were recent: milliseconds since 1970.
        var begun: Int64
        var newest: Int64
    }

    private let lookUp: PreparedStatement
    private let insert: PreparedStatement
    private let slice: PreparedStatement
    private let delete: PreparedStatement
    /// In order of number. The last one takes ids.
    private var generations: [Generation]
    private let filter: IDFilterKeeper

    init(_ db: Database, _ pool: DatabasePool) throws {
        lookUp = try PreparedStatement(db, "SELECT key FROM seen WHERE generation = ? AND hash = ?")
        insert = try PreparedStatement(db, "INSERT OR IGNORE INTO seen (generation, hash, key) VALUES (?, ?, ?)")
        slice = try PreparedStatement(
            db, "SELECT hash, key FROM seen WHERE generation = ? ORDER BY hash, key LIMIT ?")
        delete = try PreparedStatement(db, "DELETE FROM seen WHERE generation = ? AND (hash, key) <= (?, ?)")
        generations = try Self.read(db)
        filter = IDFilterKeeper(pool, idsStored: generations.reduce(0) { $0 + $1.count })
    }

    /// Reads the generations again, after a rollback.
    func load(_ db: Database) throws { generations = try Self.read(db) }

    private static func read(_ db: Database) throws -> [Generation] {
        try Row.fetchAll(db, sql: "SELECT number, count, begun, newest FROM seen_generation ORDER BY number").map {
            Generation(number: $0[0], count: $0[1], begun: $0[2], newest: $0[3])
        }
    }

    /// The generation that takes ids.
    var youngest: Int64? { generations.last?.number }

    /// Calls `body` with every key of a hash, until it returns `true`.
    func anyKey(_ hash: Int64, _ body: (Int64) throws -> Bool) throws -> Bool {
        guard filter.mayContain(hash) else { return false }
        // Repetitions are mostly of what is young.
        for generation in generations.reversed() {
            var found = false
            lookUp.bind(1, generation.number)
            lookUp.bind(2, hash)
            try lookUp.forEachRow { row in
                found = try body(row.integer(0))
                return !found
            }
            if found { return true }
        }
        return false
    }

    /// Adds ids to the youngest generation, within the transaction under way.
    func insert(_ entries: ArraySlice<IDEntry>) throws {
        insert.bind(1, generations.last!.number)
        for entry in entries {
            insert.bind(2, entry.hash)
            insert.bind(3, entry.key)
            try insert.run()
            filter.insert(entry.hash)
        }
    }

    /// Prepares for ids that are recent now, within the transaction under way: a new generation where the youngest is
    /// older than `span`.
    func begin(_ db: Database, taking count: Int, now: Int64, span: Int64) throws {
        if let last = generations.last, now - last.begun < span, now >= last.begun {
            generations[generations.count - 1].newest = max(now, last.newest)
        } else {
            generations.append(Generation(number: (youngest ?? 0) + 1, count: 0, begun: now, newest: now))
        }
        generations[generations.count - 1].count += count
        let last = generations.last!
        try db.execute(
            sql: "INSERT OR REPLACE INTO seen_generation (number, count, begun, newest) VALUES (?, ?, ?, ?)",
            arguments: [last.number, last.count, last.begun, last.newest])
    }

    /// Takes ids out of the oldest generation if all its events are older than `cutoff`, within the transaction under way.
    /// - Returns: the ids; none where no generation is that old.
    func takeOldest(_ db: Database, before cutoff: Int64, sparing spared: Int64?, atMost limit: Int) throws -> [IDEntry]
    {
        guard let oldest = generations.first, oldest.newest < cutoff, oldest.number != spared else { return [] }
        var ids: [IDEntry] = []
        slice.bind(1, oldest.number)
        slice.bind(2, Int64(limit))
        try slice.forEachRow { row in
            ids.append(IDEntry(hash: row.integer(0), key: row.integer(1)))
            return true
        }
        if let last = ids.last {
            delete.bind(1, oldest.number)
            delete.bind(2, last.hash)
            delete.bind(3, last.key)
            try delete.run()
            filter.forget(ids.count)
        }
        if ids.count < limit {
            try db.execute(sql: "DELETE FROM seen_generation WHERE number = ?", arguments: [oldest.number])
            generations.removeFirst()
        }
        return ids
    }

    /// Takes over a filter that has been built meanwhile, and has a new one built where that is due.
    func takeFilter() { filter.settle(idsStored: generations.reduce(0) { $0 + $1.count }) }
}

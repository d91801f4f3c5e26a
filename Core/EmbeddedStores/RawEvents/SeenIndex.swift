import GRDB

/// Which ids are stored: exact, at a cost that does not grow with their number.
///
/// A unique index over random ids touches a page of its own for each event. Here new ids go to a small append-only table
/// and a dictionary in memory; when those are full they are drained, sorted, into the large index: neighbours share a
/// page there. Draining rides on the transactions of later inserts, a slice at a time, so no commit is long. A filter in
/// memory spares the index the question for nearly every id that is new.
///
/// The large index is kept by generations, so that ids leave it as they came: a range of neighbours at a time.
final class SeenIndex {
    /// What tests change, so that all that is rare happens often.
    struct Options: Sendable {
        /// Ids gathered before they are drained. At 10 M ids in the index, a leaf page of it then gets several at once.
        var capacity = 400_000
        /// How long a generation takes ids, in milliseconds: ids leave the index up to this much after their events.
        var generationSpan: Int64 = 7 * 24 * 3600 * 1000
        /// The clock: milliseconds since 1970.
        var now: @Sendable () -> Int64 = wallClock
        /// Another hash of source and id; `nil` for the store's own.
        var hash: (@Sendable (_ source: String, _ eventID: String) -> Int64)?
    }

    /// Drained with each transaction: this many for every id added, so that one side is empty before the other is full.
    static let drainRatio = 2

    private let append: [PreparedStatement]
    private let truncate: [PreparedStatement]
    private let saveState: PreparedStatement
    private let hash: IDHash
    private let options: Options
    private let index: IDGenerations

    private var filling: Int
    private var filled: IDTable
    private var draining: IDTable
    /// The ids being drained, sorted, and how many of them are in the index.
    private var drainOrder: [IDEntry]
    private var drained: Int
    /// Ids added by the transaction under way.
    private var added = IDTable()
    private var drainedByTransaction = 0

    /// Reads the recent ids of a store.
    init(_ db: Database, _ options: Options, _ pool: DatabasePool) throws {
        self.options = options
        append = try [0, 1].map { try PreparedStatement(db, "INSERT INTO recent_\($0) (hash, key) VALUES (?, ?)") }
        truncate = try [0, 1].map { try PreparedStatement(db, "DELETE FROM recent_\($0)") }
        saveState = try PreparedStatement(db, "UPDATE seen_state SET filling = ?, drained = ?")
        let state = try Row.fetchOne(db, sql: "SELECT seed, filling, drained FROM seen_state")!
        hash = IDHash(seed: UInt64(bitPattern: state[0]))
        filling = state[1]
        drained = state[2]
        filled = IDTable(try Self.entries(db, filling))
        drainOrder = try Self.entries(db, 1 - filling).sorted()
        draining = IDTable(drainOrder[drained...])
        index = try IDGenerations(db, pool)
    }

    private static func entries(_ db: Database, _ table: Int) throws -> [IDEntry] {
        var entries: [IDEntry] = []
        try PreparedStatement(db, "SELECT hash, key FROM recent_\(table)").forEachRow { row in
            entries.append(IDEntry(hash: row.integer(0), key: row.integer(1)))
            return true
        }
        return entries
    }

    func hash(source: String, eventID: String) -> Int64 {
        options.hash?(source, eventID) ?? hash.hash(source: source, eventID: eventID)
    }

    /// Calls `body` with the key of every event whose id has this hash, until it returns `true`.
    /// - Returns: whether it did.
    func anyKey(_ wanted: Int64, _ body: (Int64) throws -> Bool) throws -> Bool {
        if try added.anyKey(wanted, body) || filled.anyKey(wanted, body) || draining.anyKey(wanted, body) {
            return true
        }
        return try index.anyKey(wanted, body)
    }

    /// Adds an id within the transaction under way.
    func add(_ hash: Int64, _ key: Int64) throws {
        append[filling].bind(1, hash)
        append[filling].bind(2, key)
        try append[filling].run()
        added.insert(IDEntry(hash: hash, key: key))
    }

    /// Drains a slice within the transaction under way.
    func drainSlice() throws {
        guard drained < drainOrder.count, added.count > 0 else { return }
        let end = min(drainOrder.count, drained + added.count * Self.drainRatio)
        try index.insert(drainOrder[drained..<end])
        drainedByTransaction = end - drained
        if end == drainOrder.count { try truncate[1 - filling].run() }
        try save(filling, drained: end == drainOrder.count ? 0 : end)
    }

    private func save(_ filling: Int, drained: Int) throws {
        saveState.bind(1, Int64(filling))
        saveState.bind(2, Int64(drained))
        try saveState.run()
    }

    /// The transaction is durable.
    func didCommit() {
        added.forEach { filled.insert($0) }
        added.removeAll()
        drained += drainedByTransaction
        drainedByTransaction = 0
        if drained == drainOrder.count && drained > 0 { (drainOrder, drained, draining) = ([], 0, IDTable()) }
    }

    /// The transaction is undone. What the filter took from it stays: it may say yes too often.
    func didRollBack(_ db: Database) throws {
        added.removeAll()
        drainedByTransaction = 0
        try index.load(db)
    }

    /// Whether the filled side is to be drained: it is full, and the other side is empty.
    private var isDue: Bool { filled.count >= options.capacity && drainOrder.isEmpty }

    /// Lets the sides change roles where that is due, in a transaction of its own; memory follows when it is durable.
    func settle(_ db: Database) throws {
        index.takeFilter()
        guard isDue else { return }
        let now = options.now()
        do {
            try db.inTransaction(.immediate) {
                try index.begin(db, taking: filled.count, now: now, span: options.generationSpan)
                try save(1 - filling, drained: 0)
                return .commit
            }
        } catch {
            try index.load(db)
            throw error
        }
        filling = 1 - filling
        (draining, filled) = (filled, IDTable())
        drainOrder = draining.sorted()
        drained = 0
    }

    /// Drops ids of events that have expired, within the transaction under way: whole generations, a slice at a time. An
    /// id whose event is still there begins anew among the recent ones.
    /// - Returns: how many were looked at: fewer than `limit` only where there are no more.
    func expire(
        _ db: Database, before cutoff: Int64, atMost limit: Int, unless isThere: (Int64) throws -> Bool
    ) throws -> Int {
        // What is drained now goes to the youngest.
        let spared = drainOrder.isEmpty ? nil : index.youngest
        let ids = try index.takeOldest(db, before: cutoff, sparing: spared, atMost: limit)
        for id in ids where try isThere(id.key) { try add(id.hash, id.key) }
        return ids.count
    }
}

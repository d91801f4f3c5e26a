import GRDB

/// Which ids are stored: exact, at a cost that does not grow with their number.
///
/// A unique index over random ids touches a page of its own for each event. Here new ids go to a small append-only table
/// and a dictionary in memory; when those are full they are drained, sorted, into the large index: neighbours share a
/// page there. Draining rides on the transactions of later inserts, a slice at a time, so no commit is long.
final class SeenIndex {
    /// What tests change, so that all that is rare happens often.
    struct Options: Sendable {
        /// Ids gathered before they are drained. At 10 M ids in the index, a leaf page of it then gets several at once.
        var capacity = 400_000
        /// Another hash of source and id; `nil` for the store's own.
        var hash: (@Sendable (_ source: String, _ eventID: String) -> Int64)?
    }

    /// Drained with each transaction: this many for every id added, so that one side is empty before the other is full.
    static let drainRatio = 2

    private let lookUp: PreparedStatement
    private let insert: PreparedStatement
    private let append: [PreparedStatement]
    private let truncate: [PreparedStatement]
    private let saveState: PreparedStatement
    private let hash: IDHash
    private let options: Options

    private var filling: Int
    private var filled: RecentIDs
    private var draining: RecentIDs
    /// The ids being drained, sorted, and how many of them are in the index.
    private var drainOrder: [RecentIDs.Entry]
    private var drained: Int
    /// Ids added by the transaction under way.
    private var added = RecentIDs([])
    private var drainedByTransaction = 0

    /// Reads the recent ids of a store.
    init(_ db: Database, _ options: Options) throws {
        self.options = options
        lookUp = try PreparedStatement(db, "SELECT key FROM seen WHERE hash = ?")
        insert = try PreparedStatement(db, "INSERT OR IGNORE INTO seen (hash, key) VALUES (?, ?)")
        append = try [0, 1].map { try PreparedStatement(db, "INSERT INTO recent_\($0) (hash, key) VALUES (?, ?)") }
        truncate = try [0, 1].map { try PreparedStatement(db, "DELETE FROM recent_\($0)") }
        saveState = try PreparedStatement(db, "UPDATE seen_state SET filling = ?, drained = ?")
        let state = try Row.fetchOne(db, sql: "SELECT seed, filling, drained FROM seen_state")!
        hash = IDHash(seed: UInt64(bitPattern: state[0]))
        filling = state[1]
        drained = state[2]
        filled = RecentIDs(try Self.entries(db, filling))
        drainOrder = try Self.entries(db, 1 - filling).sorted()
        draining = RecentIDs(drainOrder[drained...])
    }

    private static func entries(_ db: Database, _ table: Int) throws -> [RecentIDs.Entry] {
        var entries: [RecentIDs.Entry] = []
        try PreparedStatement(db, "SELECT hash, key FROM recent_\(table)").forEachRow { row in
            entries.append(RecentIDs.Entry(hash: row.integer(0), key: row.integer(1)))
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
        for ids in [added, filled, draining] {
            for key in ids.keys(wanted) where try body(key) { return true }
        }
        var found = false
        lookUp.bind(1, wanted)
        try lookUp.forEachRow { row in
            found = try body(row.integer(0))
            return !found
        }
        return found
    }

    /// Adds an id within the transaction under way.
    func add(_ hash: Int64, _ key: Int64) throws {
        append[filling].bind(1, hash)
        append[filling].bind(2, key)
        try append[filling].run()
        added.insert(RecentIDs.Entry(hash: hash, key: key))
    }

    /// Drains a slice within the transaction under way.
    func drainSlice() throws {
        guard drained < drainOrder.count, added.count > 0 else { return }
        let end = min(drainOrder.count, drained + added.count * Self.drainRatio)
        for entry in drainOrder[drained..<end] {
            insert.bind(1, entry.hash)
            insert.bind(2, entry.key)
            try insert.run()
        }
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
        if drained == drainOrder.count && drained > 0 { (drainOrder, drained, draining) = ([], 0, RecentIDs([])) }
    }

    /// The transaction is undone.
    func didRollBack() {
        added.removeAll()
        drainedByTransaction = 0
    }

    /// Whether the filled side is to be drained: it is full, and the other side is empty.
    var isDue: Bool { filled.count >= options.capacity && drainOrder.isEmpty }

    /// Lets the sides change roles. In a transaction of its own; memory follows when `commit` has returned.
    func swap(_ commit: (() throws -> Void) throws -> Void) throws {
        try commit { try save(1 - filling, drained: 0) }
        filling = 1 - filling
        (draining, filled) = (filled, RecentIDs([]))
        drainOrder = draining.sorted()
        drained = 0
    }
}

/// Ids in memory: hash to key. Several keys of one hash are rare, and kept aside.
struct RecentIDs {
    struct Entry: Comparable {
        var hash: Int64
        var key: Int64

        static func < (left: Entry, right: Entry) -> Bool { (left.hash, left.key) < (right.hash, right.key) }
    }

    private var first: [Int64: Int64] = [:]
    private var others: [Int64: [Int64]] = [:]
    private(set) var count = 0

    init(_ entries: some Collection<Entry>) {
        first.reserveCapacity(entries.count)
        for entry in entries { insert(entry) }
    }

    mutating func insert(_ entry: Entry) {
        count += 1
        if first[entry.hash] == nil {
            first[entry.hash] = entry.key
        } else {
            others[entry.hash, default: []].append(entry.key)
        }
    }

    func keys(_ hash: Int64) -> [Int64] {
        guard let key = first[hash] else { return [] }
        return [key] + (others[hash] ?? [])
    }

    mutating func removeAll() {
        first.removeAll(keepingCapacity: true)
        others.removeAll()
        count = 0
    }

    func forEach(_ body: (Entry) -> Void) {
        for (hash, key) in first { body(Entry(hash: hash, key: key)) }
        for (hash, keys) in others { for key in keys { body(Entry(hash: hash, key: key)) } }
    }

    func sorted() -> [Entry] {
        var all: [Entry] = []
        all.reserveCapacity(count)
        forEach { all.append($0) }
        return all.sorted()
    }
}

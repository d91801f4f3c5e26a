import Events
import GRDB
import Stores

/// What the writer of `raw.db` keeps: the statements that every event takes, and the index of ids.
final class RawStatements: WriterState {
    /// What may wait for a commit.
    static let queueLimit = WorkSize(records: 100_000, bytes: 256 << 20)

    let progress: ProgressStatements
    private let seen: SeenIndex
    private let stretches: Stretches
    private let insertEvent: PreparedStatement
    private let findEvent: PreparedStatement
    private let readEvent: PreparedStatement
    private let retention: RawRetention
    private let now: @Sendable () -> Int64
    private var contextBlob: [UInt8] = []

    init(_ db: Database, _ options: SeenIndex.Options, _ pool: DatabasePool) throws {
        seen = try SeenIndex(db, options, pool)
        stretches = try Stretches(db)
        progress = try ProgressStatements(db)
        retention = try RawRetention(db)
        now = options.now
        // A redelivery has been recognised before: what is at this key then is another event.
        insertEvent = try PreparedStatement(
            db, "INSERT INTO raw_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING")
        readEvent = try PreparedStatement(db, "SELECT * FROM raw_event WHERE key = ?")
        findEvent = try PreparedStatement(db, "SELECT source, event_id, payload_hash FROM raw_event WHERE key = ?")
    }

    func willCommit(_ db: Database) throws { try seen.drainSlice() }

    func didCommit() { seen.didCommit() }

    /// Forgets what the transaction under way has added.
    func didRollBack(_ db: Database) throws {
        try seen.didRollBack(db)
        try stretches.load(db)
    }

    func settle(_ db: Database) throws -> Bool {
        try seen.settle(db)
        return false
    }

    /// Drops what has expired, a slice of it: events below the bounds that were stored before `cutoff`, and ids of such
    /// events.
    /// - Returns: how many events, and how many ids were looked at; fewer than `limit` together only where no more have expired.
    func expire(
        _ db: Database, before cutoff: Int64, below bounds: [PartitionEpoch: Int64], atMost limit: Int
    ) throws -> (events: Int, ids: Int) {
        let events = try retention.expire(stretches, before: cutoff, below: bounds, atMost: limit)
        let ids =
            try events < limit ? seen.expire(db, before: cutoff, atMost: limit - events, unless: retention.isThere) : 0
        return (events, ids)
    }

    /// Inserts events unless their ids are stored.
    func insert(_ db: Database, _ events: [RawEvent]) throws -> [InsertVerdict] {
        let now = now()
        return try events.map { try insert(db, $0, now) }
    }

    private func insert(_ db: Database, _ event: RawEvent, _ now: Int64) throws -> InsertVerdict {
        if let fault = event.metadata.flatMap(MetadataRules.fault) { return .refused(reason: fault) }
        let key = try stretches.key(db, event.position)
        let hash = seen.hash(source: event.source, eventID: event.eventID)
        var verdict: InsertVerdict?
        _ = try seen.anyKey(hash) { stored in
            verdict = try compare(event, stored)
            return verdict != nil
        }
        if let verdict { return verdict }
        guard try insert(event, key, now) else { return .refused(reason: "another event is stored at its position") }
        try seen.add(hash, key)
        return .stored
    }

    /// What a stored event of the same hash says of this one; `nil` where it is another.
    private func compare(_ event: RawEvent, _ stored: Int64) throws -> InsertVerdict? {
        var verdict: InsertVerdict?
        findEvent.bind(1, stored)
        try findEvent.forEachRow { row in
            guard row.hasText(1, event.eventID), row.hasText(0, event.source) else { return false }
            verdict = InsertVerdict(
                on: event, storedAt: stretches.position(stored),
                payloadHash: Digest128(bytes: row.blob(2)) ?? Digest128(high: 0, low: 0))
            return false
        }
        return verdict
    }

    /// - Returns: whether the place was free.
    private func insert(_ event: RawEvent, _ key: Int64, _ now: Int64) throws -> Bool {
        insertEvent.bind(1, key)
        insertEvent.bind(2, event.source)
        insertEvent.bind(3, event.eventID)
        insertEvent.bind(4, event.userID)
        insertEvent.bind(5, event.eventType)
        insertEvent.bind(6, event.timestamp)
        insertEvent.bind(7, event.receivedAt)
        if let metadata = event.metadata { insertEvent.bind(8, metadata) } else { insertEvent.bindNull(8) }
        ContextCoding.encode(event.context, into: &contextBlob)
        insertEvent.bind(9, contextBlob)
        insertEvent.bind(11, now)
        if let time = event.clientTimestamp { insertEvent.bind(12, time) } else { insertEvent.bindNull(12) }
        let hash = (event.payloadHash.high.bigEndian, event.payloadHash.low.bigEndian)
        return try withUnsafeBytes(of: hash) { hash in
            insertEvent.lend(10, hash.bindMemory(to: UInt8.self))
            try insertEvent.run()
            return insertEvent.changes == 1
        }
    }

    /// The event of a key; `nil` where there is none.
    func event(at key: Int64) throws -> RawEvent? {
        var event: RawEvent?
        readEvent.bind(1, key)
        try readEvent.forEachRow { row in
            event = self.event(row, key)
            return false
        }
        return event
    }

    /// The stored event of an identity.
    func event(source: String, eventID: String) throws -> RawEvent? {
        var event: RawEvent?
        _ = try seen.anyKey(seen.hash(source: source, eventID: eventID)) { key in
            readEvent.bind(1, key)
            try readEvent.forEachRow { row in
                if row.hasText(1, source) && row.hasText(2, eventID) { event = self.event(row, key) }
                return false
            }
            return event != nil
        }
        return event
    }

    private func event(_ row: PreparedStatement, _ key: Int64) -> RawEvent {
        RawEvent(
            source: row.text(1), eventID: row.text(2), userID: row.text(3), eventType: row.text(4),
            timestamp: row.integer(5), clientTimestamp: row.isNull(11) ? nil : row.integer(11),
            receivedAt: row.integer(6), metadata: row.isNull(7) ? nil : row.blob(7)[...],
            context: row.withBlob(8, ContextCoding.decode), position: stretches.position(key),
            payloadHash: Digest128(bytes: row.blob(9)) ?? Digest128(high: 0, low: 0)
        )
    }
}

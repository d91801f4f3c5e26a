import GRDB

/// The tables of `raw.db`.
enum RawSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    -- What the upper bits of a row's key stand for (Stretches.swift).
                    CREATE TABLE stretch (
                      number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, partition INTEGER NOT NULL,
                      upper INTEGER NOT NULL, UNIQUE (epoch, partition, upper));
                    -- One row an event, in order of position: appends only, no other index.
                    CREATE TABLE raw_event (
                      key INTEGER PRIMARY KEY,
                      source TEXT NOT NULL, event_id TEXT NOT NULL, user_id TEXT NOT NULL, event_type TEXT NOT NULL,
                      timestamp INTEGER NOT NULL, received_at INTEGER NOT NULL, metadata BLOB,
                      context BLOB NOT NULL, payload_hash BLOB NOT NULL, stored_at INTEGER NOT NULL);
                    -- Which ids are stored, by a 64-bit hash. Filled in sorted slices from the recent tables.
                    -- A generation's ids lie together, and leave together.
                    CREATE TABLE seen (generation INTEGER NOT NULL, hash INTEGER NOT NULL, key INTEGER NOT NULL,
                      PRIMARY KEY (generation, hash, key)) WITHOUT ROWID;
                    -- How many ids it has, when it was begun, and when its last ids were new: milliseconds since 1970.
                    CREATE TABLE seen_generation (number INTEGER PRIMARY KEY, count INTEGER NOT NULL,
                      begun INTEGER NOT NULL, newest INTEGER NOT NULL);
                    -- Ids not in seen yet, in order of arrival: one table is filled while the other is drained.
                    CREATE TABLE recent_0 (hash INTEGER NOT NULL, key INTEGER NOT NULL);
                    CREATE TABLE recent_1 (hash INTEGER NOT NULL, key INTEGER NOT NULL);
                    -- One row: the hash's seed, which recent table is filled, how far the other has been drained.
                    CREATE TABLE seen_state (
                      only INTEGER PRIMARY KEY CHECK (only = 1), seed INTEGER NOT NULL,
                      filling INTEGER NOT NULL DEFAULT 0, drained INTEGER NOT NULL DEFAULT 0);
                    INSERT INTO seen_state (only, seed) VALUES (1, random());
                    CREATE TABLE ingest_progress (
                      epoch INTEGER NOT NULL, partition INTEGER NOT NULL, first INTEGER NOT NULL, next INTEGER NOT NULL,
                      stored INTEGER NOT NULL, duplicate INTEGER NOT NULL, dead INTEGER NOT NULL, lost INTEGER NOT NULL,
                      gaps INTEGER NOT NULL, last_hash BLOB, batch TEXT NOT NULL,
                      PRIMARY KEY (partition, epoch)) WITHOUT ROWID;
                    CREATE TABLE dead_letter (
                      epoch INTEGER NOT NULL, partition INTEGER NOT NULL, record_offset INTEGER NOT NULL,
                      letter_partition INTEGER NOT NULL, letter_offset INTEGER NOT NULL,
                      stage TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, source TEXT NOT NULL,
                      event_id TEXT NOT NULL, failed_at INTEGER NOT NULL, state TEXT NOT NULL,
                      PRIMARY KEY (epoch, partition, record_offset)) WITHOUT ROWID;
                    CREATE INDEX dead_letter_state ON dead_letter (state, failed_at);
                    """)
        }
        migrator.registerMigration("2") { db in
            // The time that the client gave, where `timestamp` was corrected.
            try db.execute(sql: "ALTER TABLE raw_event ADD COLUMN client_timestamp INTEGER")
        }
        migrator.registerMigration("3") { db in
            try db.execute(sql: "CREATE INDEX dead_letter_event ON dead_letter (source, event_id)")
        }
        return migrator
    }
}

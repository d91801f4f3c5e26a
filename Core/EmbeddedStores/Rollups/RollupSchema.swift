import GRDB

/// The tables of `rollups.db`: those of `schemas/postgresql`, in SQLite's types.
enum RollupSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    -- One row: what holds for all rollups.
                    CREATE TABLE rollup_state (
                      only INTEGER PRIMARY KEY CHECK (only = 1),
                      time_zone TEXT NOT NULL,
                      complete_through INTEGER,
                      revision INTEGER NOT NULL DEFAULT 0);
                    -- How far each incarnation of each partition has been folded.
                    CREATE TABLE rollup_cursor (
                      epoch INTEGER NOT NULL, partition INTEGER NOT NULL,
                      next_offset INTEGER NOT NULL, folded_stored INTEGER NOT NULL,
                      PRIMARY KEY (epoch, partition)) WITHOUT ROWID;
                    -- Dense numbers of visitors, which the bits of all sets stand for.
                    CREATE TABLE visitor (
                      source TEXT NOT NULL, user_hash BLOB NOT NULL, number INTEGER NOT NULL,
                      first_day INTEGER NOT NULL, PRIMARY KEY (source, user_hash)) WITHOUT ROWID;
                    CREATE UNIQUE INDEX visitor_number ON visitor (source, number);
                    CREATE TABLE visitor_counter (source TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
                    -- The sources that have any rollup.
                    CREATE TABLE rollup_source (source TEXT PRIMARY KEY) WITHOUT ROWID;
                    -- Numbers by granularity (interval, day, week), source, period, dimension and value.
                    CREATE TABLE rollup (
                      granularity TEXT NOT NULL, dimension TEXT NOT NULL, value TEXT NOT NULL, source TEXT NOT NULL,
                      period INTEGER NOT NULL, events INTEGER NOT NULL, visitors INTEGER NOT NULL,
                      PRIMARY KEY (granularity, dimension, value, source, period)) WITHOUT ROWID;
                    -- Which values of a dimension have rows of their own, by week.
                    CREATE TABLE dimension_value (
                      source TEXT NOT NULL, dimension TEXT NOT NULL, week INTEGER NOT NULL, value TEXT NOT NULL,
                      PRIMARY KEY (source, dimension, week, value)) WITHOUT ROWID;
                    -- Who the visitors of a row are.
                    CREATE TABLE visitor_set (
                      set_id INTEGER PRIMARY KEY, granularity TEXT NOT NULL, dimension TEXT NOT NULL,
                      value TEXT NOT NULL, source TEXT NOT NULL, period INTEGER NOT NULL,
                      UNIQUE (granularity, dimension, value, source, period));
                    CREATE TABLE visitor_set_chunk (
                      set_id INTEGER NOT NULL, chunk INTEGER NOT NULL, bitmap BLOB NOT NULL,
                      PRIMARY KEY (set_id, chunk)) WITHOUT ROWID;
                    CREATE TABLE visitor_set_delta (
                      set_id INTEGER NOT NULL, sequence INTEGER NOT NULL, bitmap BLOB NOT NULL,
                      PRIMARY KEY (set_id, sequence)) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("2") { db in
            try db.execute(
                sql: """
                    -- How many visitors of a source were first seen on a day.
                    CREATE TABLE new_visitors (
                      source TEXT NOT NULL, day INTEGER NOT NULL, visitors INTEGER NOT NULL,
                      PRIMARY KEY (source, day)) WITHOUT ROWID;
                    INSERT INTO new_visitors SELECT source, first_day, count(*) FROM visitor GROUP BY source, first_day;
                    """)
        }
        migrator.registerMigration("3") { db in
            try db.execute(
                sql: """
                    -- Users who are being forgotten, until none of their raw events that have been counted has their id.
                    CREATE TABLE forgetting (
                      source TEXT NOT NULL, user_hash BLOB NOT NULL, token TEXT NOT NULL,
                      PRIMARY KEY (source, user_hash)) WITHOUT ROWID;
                    -- How many have been forgotten.
                    ALTER TABLE rollup_state ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;
                    -- By which offsets days and weeks were cut; NULL where that is not known.
                    ALTER TABLE rollup_state ADD COLUMN zone_rules TEXT;
                    """)
        }
        return migrator
    }
}

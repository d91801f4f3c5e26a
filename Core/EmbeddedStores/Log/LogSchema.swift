import GRDB
import Stores

/// The tables of `log.db`.
enum LogSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE topic (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL,
                      retention INTEGER);
                    -- The extent of each partition: kept apart, since retention may leave a partition without a record.
                    CREATE TABLE extent (topic INTEGER NOT NULL, partition INTEGER NOT NULL, low INTEGER NOT NULL,
                      high INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID;
                    -- Keyed by topic, partition and offset in one integer: a partition's records lie together.
                    CREATE TABLE record (key INTEGER PRIMARY KEY, timestamp INTEGER NOT NULL, record_key BLOB,
                      value BLOB NOT NULL, headers BLOB NOT NULL);
                    CREATE TABLE committed (consumer_group TEXT NOT NULL, topic INTEGER NOT NULL,
                      partition INTEGER NOT NULL, next INTEGER NOT NULL,
                      PRIMARY KEY (consumer_group, topic, partition)) WITHOUT ROWID;
                    """)
        }
        return migrator
    }
}

/// A record's place as one integer: 10 bits of topic, 13 of partition, 40 of offset.
enum RecordKey {
    private static let offsetMask: Int64 = 1 << 40 - 1

    static func key(_ topic: Int64, _ partition: Int32, _ offset: Int64) -> Int64 {
        topic << 53 | Int64(partition) << 40 | min(max(0, offset), offsetMask)
    }

    static func partition(_ key: Int64) -> Int32 { Int32(key >> 40 & (1 << 13 - 1)) }

    static func offset(_ key: Int64) -> Int64 { key & offsetMask }
}

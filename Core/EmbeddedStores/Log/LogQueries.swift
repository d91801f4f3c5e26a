import Foundation
import GRDB
import Stores

/// Reads of the log, and the making of topics.
enum LogQueries {
    static func topics(_ db: Database) throws -> [String: LogAppender.TopicEntry] {
        let rows = try Row.fetchAll(db, sql: "SELECT name, id, partitions, retention FROM topic")
        return Dictionary(
            uniqueKeysWithValues: rows.map {
                ($0[0] as String, LogAppender.TopicEntry(id: $0[1], partitions: $0[2], retention: $0[3]))
            })
    }

    static func extents(_ db: Database) throws -> [Extents.Place: Watermarks] {
        let rows = try Row.fetchAll(db, sql: "SELECT topic, partition, low, high FROM extent")
        return Dictionary(
            uniqueKeysWithValues: rows.map {
                (Extents.Place(topic: $0[0], partition: $0[1]), Watermarks(low: $0[2], high: $0[3]))
            })
    }

    static func create(
        _ db: Database, _ topic: TopicDefinition
    ) throws -> (LogAppender.TopicEntry, [Extents.Place: Watermarks])? {
        // Somebody else may have made it meanwhile.
        // Kafka's -1 is for ever.
        let retention = topic.configuration["retention.ms"].flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 }
        try db.execute(
            sql: "INSERT OR IGNORE INTO topic (name, partitions, retention) VALUES (?, ?, ?)",
            arguments: [topic.name, topic.partitions, retention])
        guard db.changesCount == 1 else { return nil }
        let id = db.lastInsertedRowID
        var marks: [Extents.Place: Watermarks] = [:]
        for partition in 0..<Int32(topic.partitions) {
            try db.execute(sql: "INSERT INTO extent VALUES (?, ?, 0, 0)", arguments: [id, partition])
            marks[Extents.Place(topic: id, partition: partition)] = Watermarks(low: 0, high: 0)
        }
        return (LogAppender.TopicEntry(id: id, partitions: topic.partitions, retention: retention), marks)
    }

    static func trim(_ db: Database, _ topic: Int64, _ partition: Int32, below low: Int64) throws {
        try db.execute(
            sql: "DELETE FROM record WHERE key >= ? AND key < ?",
            arguments: [RecordKey.key(topic, partition, 0), RecordKey.key(topic, partition, low)])
        try db.execute(
            sql: "UPDATE extent SET low = ? WHERE topic = ? AND partition = ?", arguments: [low, topic, partition])
    }

    static func clear(_ db: Database) throws -> [Extents.Place: Watermarks] {
        try db.execute(
            sql: "DELETE FROM record; DELETE FROM committed; UPDATE extent SET low = 0, high = 0")
        return try extents(db)
    }

    static func committed(_ db: Database, _ group: String, _ topic: Int64) throws -> [Int32: Int64] {
        let rows = try Row.fetchAll(
            db, sql: "SELECT partition, next FROM committed WHERE consumer_group = ? AND topic = ?",
            arguments: [group, topic])
        return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as Int32, $0[1] as Int64) })
    }

    static func records(
        _ db: Database, _ topic: Int64, _ places: [(partition: Int32, from: Int64, to: Int64)], max: Int, maxBytes: Int
    ) throws -> RecordBatch {
        let select = try PreparedStatement(
            db, "SELECT key, timestamp, record_key, value, headers FROM record WHERE key >= ? AND key < ? ORDER BY key")
        var batch = RecordBatch()
        let names = HeaderCoding.Names(in: &batch)
        var headers: [RecordBatch.Header] = []
        for place in places where batch.count < max && batch.bytes.count < maxBytes {
            select.bind(1, RecordKey.key(topic, place.partition, place.from))
            select.bind(2, RecordKey.key(topic, place.partition, place.to))
            try select.forEachRow { row in
                try append(row, names, &headers, to: &batch)
                return batch.count < max && batch.bytes.count < maxBytes
            }
        }
        return batch
    }

    private static func append(
        _ row: PreparedStatement, _ names: HeaderCoding.Names, _ headers: inout [RecordBatch.Header],
        to batch: inout RecordBatch
    ) throws {
        let key = row.isNull(2) ? nil : row.withBlob(2) { batch.store($0) }
        let value = row.withBlob(3) { batch.store($0) }
        let isWhole = row.withBlob(4) { blob in
            let place = batch.store(blob)
            return HeaderCoding.decode(blob, at: place.lowerBound, names, to: &headers)
        }
        guard isWhole else {
            throw Stores.DatabaseError(.corrupt, store: "embedded", "a record's headers cannot be read")
        }
        batch.append(
            key: key, value: value, headers: headers, timestamp: row.integer(1),
            partition: RecordKey.partition(row.integer(0)), offset: RecordKey.offset(row.integer(0)))
    }
}

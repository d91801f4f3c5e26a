import Stores

/// A record as plain values, for building batches and for comparing what came out of them.
struct LoggedRecord: Sendable, Equatable {
    /// A header of a record.
    struct Header: Sendable, Equatable {
        var name: String
        var value: [UInt8]
    }

    var key: [UInt8]?
    var value: [UInt8]
    var headers: [Header] = []
    var timestamp: Int64 = 0
    var partition: Int32 = 0
    var offset: Int64 = -1

    init(
        key: String? = nil, value: String, headers: [(HeaderName, String)] = [], timestamp: Int64 = 0,
        partition: Int32 = 0, offset: Int64 = -1
    ) {
        self.key = key.map { Array($0.utf8) }
        self.value = Array(value.utf8)
        self.headers = headers.map { Header(name: $0.rawValue, value: Array($1.utf8)) }
        (self.timestamp, self.partition, self.offset) = (timestamp, partition, offset)
    }

    /// Copies a record out of a batch.
    init(_ batch: RecordBatch, at index: Int) {
        let record = batch.records[index]
        key = batch.key(at: index).map(Array.init)
        value = Array(batch.value(at: index))
        headers = batch.headerFields(at: index).map {
            Header(name: String(decoding: $0.name, as: UTF8.self), value: Array($0.value))
        }
        (timestamp, partition, offset) = (record.timestamp, record.partition, record.offset)
    }

    /// The last header of that name as text; `nil` where there is none or where it is not UTF-8.
    subscript(_ name: HeaderName) -> String? {
        headers.last { $0.name == name.rawValue }.flatMap { String(validating: $0.value, as: UTF8.self) }
    }
}

extension RecordBatch {
    /// A batch of these records.
    init(_ records: some Sequence<LoggedRecord>) {
        self.init()
        for record in records {
            let headers = record.headers.map { Header(name: store($0.name), value: store($0.value)) }
            append(
                key: record.key.map { store($0) }, value: store(record.value), headers: headers,
                timestamp: record.timestamp, partition: record.partition, offset: record.offset)
        }
    }

    /// The records as plain values.
    var logged: [LoggedRecord] { records.indices.map { LoggedRecord(self, at: $0) } }
}

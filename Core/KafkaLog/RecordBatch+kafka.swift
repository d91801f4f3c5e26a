import CRDKafka
import Glibc
import Stores

/// An address even where there are no bytes: to librdkafka, NULL is no key and no value, not an empty one.
func start(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer {
    bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
}

extension ArraySlice<RecordBatch.Header> {
    /// librdkafka's copy of the headers, for the caller to hand over or destroy; nil where there are none.
    func makeHeaders(in bytes: UnsafeRawBufferPointer) -> OpaquePointer? {
        guard !isEmpty, let copy = rd_kafka_headers_new(count) else { return nil }
        for header in self {
            let name = UnsafeRawBufferPointer(rebasing: bytes[header.name])
            let value = UnsafeRawBufferPointer(rebasing: bytes[header.value])
            rd_kafka_header_add(
                copy, start(name).assumingMemoryBound(to: CChar.self), name.count, start(value), value.count)
        }
        return copy
    }
}

extension RecordBatch {
    /// Copies a consumed record into the arena. `fields` is room to work in, kept from record to record.
    mutating func append(_ message: UnsafePointer<rd_kafka_message_t>, using fields: inout [Header]) {
        storeHeaders(of: message, into: &fields)
        let key = message.pointee.key.map { store(UnsafeRawBufferPointer(start: $0, count: message.pointee.key_len)) }
        let value = store(UnsafeRawBufferPointer(start: message.pointee.payload, count: message.pointee.len))
        append(
            key: key, value: value, headers: fields, timestamp: rd_kafka_message_timestamp(message, nil),
            partition: message.pointee.partition, offset: message.pointee.offset)
    }

    private mutating func storeHeaders(
        of message: UnsafePointer<rd_kafka_message_t>, into fields: inout [Header]
    ) {
        fields.removeAll(keepingCapacity: true)
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return }
        var (name, value, size) = (UnsafePointer<CChar>?.none, UnsafeRawPointer?.none, 0)
        let before = records.last?.headers ?? 0..<0
        while rd_kafka_header_get_all(list, fields.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            let text = UnsafeRawBufferPointer(start: name, count: name.map { strlen($0) } ?? 0)
            let place = before.lowerBound + fields.count
            // Records of a topic hardly differ in the names: the one before has it in the arena already.
            let isKnown = place < before.upperBound && isNamed(text, headers[place])
            let name = isKnown ? headers[place].name : store(text)
            fields.append(Header(name: name, value: store(UnsafeRawBufferPointer(start: value, count: size))))
        }
    }
}

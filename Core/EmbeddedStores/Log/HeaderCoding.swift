import Stores

/// A record's headers as one blob: for each, the lengths of name and value (32 bits, little-endian), then both.
enum HeaderCoding {
    static func encode(_ batch: RecordBatch, at index: Int) -> [UInt8] {
        var blob: [UInt8] = []
        for header in batch.headers[batch.records[index].headers] {
            append(header.name.count, to: &blob)
            append(header.value.count, to: &blob)
            blob.append(contentsOf: batch.bytes[header.name])
            blob.append(contentsOf: batch.bytes[header.value])
        }
        return blob
    }

    private static func append(_ length: Int, to blob: inout [UInt8]) {
        withUnsafeBytes(of: UInt32(length).littleEndian) { blob.append(contentsOf: $0) }
    }

    /// The headers of a blob that lies in a batch's arena.
    static func decode(_ blob: Range<Int>, in batch: RecordBatch) -> [RecordBatch.Header] {
        var (headers, index) = ([RecordBatch.Header](), blob.lowerBound)
        while blob.upperBound - index >= 8 {
            let name = index + 8..<index + 8 + length(batch.bytes, at: index)
            let value = name.upperBound..<name.upperBound + length(batch.bytes, at: index + 4)
            headers.append(.init(name: name, value: value))
            index = value.upperBound
        }
        return headers
    }

    private static func length(_ bytes: [UInt8], at index: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[index + $1]) << (8 * $1) }
    }
}

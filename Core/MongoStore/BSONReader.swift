internal import Events

/// Bytes that are not BSON, or not of the shape that was looked for.
struct BSONFault: Error {
    let reason: String
}

/// Walks the elements of one BSON document. Checks every length against the bytes at hand; allocates nothing.
///
/// It and its elements point into memory that the caller keeps alive while they are used.
struct BSONReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 4

    /// Looks at a document, whose length is in its first four bytes.
    init(_ bytes: UnsafeRawBufferPointer) throws(BSONFault) {
        guard bytes.count >= 5 else { throw BSONFault(reason: "a document of \(bytes.count) bytes") }
        let length = Int(Int32(littleEndian: bytes.loadUnaligned(as: Int32.self)))
        guard length >= 5, length <= bytes.count, bytes[length - 1] == 0 else {
            throw BSONFault(reason: "a document's length is wrong")
        }
        self.bytes = UnsafeRawBufferPointer(rebasing: bytes[..<length])
    }

    /// The next element; `nil` at the end.
    mutating func next() throws(BSONFault) -> BSONElement? {
        guard position < bytes.count - 1 else { return nil }
        let type = bytes[position]
        var end = position + 1
        while end < bytes.count, bytes[end] != 0 { end += 1 }
        let name = UnsafeRawBufferPointer(rebasing: bytes[position + 1..<end])
        let start = end + 1
        let size = try size(of: type, at: start)
        guard size >= 0, size <= bytes.count - 1 - start else { throw BSONFault(reason: "a value is cut off") }
        position = start + size
        return BSONElement(type: type, name: name, value: UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
    }

    private func size(of type: UInt8, at start: Int) throws(BSONFault) -> Int {
        switch type {
        case BSONType.double, BSONType.date, BSONType.timestamp, BSONType.int64: 8
        case BSONType.int32: 4
        case BSONType.bool: 1
        case BSONType.null: 0
        case 0x07: 12  // ObjectId
        case BSONType.string: try length(at: start) + 4
        case BSONType.binary: try length(at: start) + 5
        case BSONType.document, BSONType.array: try length(at: start)
        default: throw BSONFault(reason: "an element of type \(type)")
        }
    }

    private func length(at start: Int) throws(BSONFault) -> Int {
        guard start + 4 <= bytes.count else { throw BSONFault(reason: "a length is cut off") }
        return Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Int32.self)))
    }
}

/// One element of a document: a type, a name and the value's bytes.
struct BSONElement {
    let type: UInt8
    let name: UnsafeRawBufferPointer
    let value: UnsafeRawBufferPointer

    /// Whether the element has this name.
    func isNamed(_ wanted: StaticString) -> Bool {
        let wanted = UnsafeRawBufferPointer(start: wanted.utf8Start, count: wanted.utf8CodeUnitCount)
        return name.count == wanted.count && name.elementsEqual(wanted)
    }

    /// Any number without a fraction, or a date's milliseconds.
    func integer() throws(BSONFault) -> Int64 {
        switch type {
        case BSONType.int64, BSONType.date: return Int64(littleEndian: value.loadUnaligned(as: Int64.self))
        case BSONType.int32: return Int64(Int32(littleEndian: value.loadUnaligned(as: Int32.self)))
        case BSONType.double:
            let bits = UInt64(littleEndian: value.loadUnaligned(as: UInt64.self))
            if let exact = Int64(exactly: Double(bitPattern: bits)) { return exact }
            throw fault("an integer")
        default: throw fault("an integer")
        }
    }

    /// A number that fits 32 bits.
    func integer32() throws(BSONFault) -> Int32 {
        guard let small = Int32(exactly: try integer()) else { throw fault("a 32-bit integer") }
        return small
    }

    func string() throws(BSONFault) -> String {
        guard type == BSONType.string, value.count >= 5 else { throw fault("a string") }
        return String(decoding: value[4..<value.count - 1], as: UTF8.self)
    }

    func document() throws(BSONFault) -> BSONReader {
        guard type == BSONType.document || type == BSONType.array else { throw fault("a document") }
        return try BSONReader(value)
    }

    func digest() throws(BSONFault) -> Digest128 {
        guard type == BSONType.binary, let digest = Digest128(bytes: value.dropFirst(5)) else {
            throw fault("a digest of 16 bytes")
        }
        return digest
    }

    private func fault(_ wanted: String) -> BSONFault {
        BSONFault(reason: "\(String(decoding: name, as: UTF8.self)) is not \(wanted)")
    }
}

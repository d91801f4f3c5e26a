/// BSON's element types, as far as this store writes or reads them.
enum BSONType {
    static let double: UInt8 = 0x01
    static let string: UInt8 = 0x02
    static let document: UInt8 = 0x03
    static let array: UInt8 = 0x04
    static let binary: UInt8 = 0x05
    static let bool: UInt8 = 0x08
    static let date: UInt8 = 0x09
    static let null: UInt8 = 0x0A
    static let int32: UInt8 = 0x10
    static let timestamp: UInt8 = 0x11
    static let int64: UInt8 = 0x12
}

/// Writes BSON documents one after another into memory of its own.
///
/// An event is some fifteen elements; appending them here costs a few nanoseconds each, where a call into libbson
/// an element would double the cost of the whole insert. BSON prefixes lengths, so `begin` leaves room for one
/// and `end` fills it in. Documents must stay below 2 GiB; callers bound their input.
struct BSONWriter: ~Copyable {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    /// Bytes written so far.
    private(set) var count = 0

    init(capacity: Int = 512) {
        self.capacity = max(64, capacity)
        memory = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// What has been written.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    /// Forgets what was written after `position`.
    mutating func truncate(to position: Int) {
        precondition(position <= count)
        count = position
    }

    /// Overwrites one byte that was written before: an element's type, known only after its name.
    mutating func setByte(_ byte: UInt8, at position: Int) {
        precondition(position < count)
        memory.storeBytes(of: byte, toByteOffset: position, as: UInt8.self)
    }

    /// Starts a document or array; the answer goes to `end`.
    mutating func begin() -> Int {
        let start = count
        append(Int32(0))
        return start
    }

    /// Ends the document or array that began at `start`.
    mutating func end(_ start: Int) {
        append(UInt8(0))
        setLength(count - start, at: start)
    }

    /// Fills in a length that was left open.
    mutating func setLength(_ length: Int, at position: Int) {
        precondition(position + 4 <= count)
        memory.storeBytes(of: Int32(length).littleEndian, toByteOffset: position, as: Int32.self)
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        memory.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(__always)
    mutating func append(_ integer: some FixedWidthInteger & BitwiseCopyable) {
        let size = integer.bitWidth / 8
        reserve(size)
        memory.storeBytes(of: integer.littleEndian, toByteOffset: count, as: type(of: integer))
        count += size
    }

    @inline(__always)
    mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let base = source.baseAddress else { return }
        reserve(source.count)
        (memory + count).copyMemory(from: base, byteCount: source.count)
        count += source.count
    }

    @inline(__always)
    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    private mutating func reserve(_ size: Int) {
        if capacity - count < size { grow(by: size) }
    }

    @inline(never)
    private mutating func grow(by size: Int) {
        let larger = max(capacity * 2, count + size)
        let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        new.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = new
        capacity = larger
    }
}

/// Whole elements: a type, a name and a value. Names hold no NUL.
extension BSONWriter {
    @inline(__always)
    mutating func name(_ name: StaticString, _ type: UInt8) {
        append(type)
        append(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount + 1))  // with its NUL
    }

    mutating func name(_ name: String, _ type: UInt8) {
        append(type)
        append(name)
        append(UInt8(0))
    }

    mutating func field(_ name: StaticString, _ value: String) {
        self.name(name, BSONType.string)
        string { $0.append(value) }
    }

    mutating func field(_ name: StaticString, _ value: Int32) {
        self.name(name, BSONType.int32)
        append(value)
    }

    mutating func field(_ name: StaticString, _ value: Int64) {
        self.name(name, BSONType.int64)
        append(value)
    }

    mutating func field(_ name: StaticString, _ value: Bool) {
        self.name(name, BSONType.bool)
        append(UInt8(value ? 1 : 0))
    }

    /// A date: milliseconds since 1970, UTC.
    mutating func field(_ name: StaticString, date: Int64) {
        self.name(name, BSONType.date)
        append(date)
    }

    /// Sixteen bytes of generic binary, given as two big-endian halves.
    mutating func field(_ name: StaticString, high: UInt64, low: UInt64) {
        self.name(name, BSONType.binary)
        append(Int32(16))
        append(UInt8(0))
        append(high.byteSwapped)  // `append` writes little-endian
        append(low.byteSwapped)
    }

    mutating func field(_ name: StaticString, _ body: (inout BSONWriter) -> Void) {
        self.name(name, BSONType.document)
        document(body)
    }

    mutating func array(_ name: StaticString, _ values: some Sequence<String>) {
        self.name(name, BSONType.array)
        document { writer in
            for (index, value) in values.enumerated() {
                writer.name(String(index), BSONType.string)
                writer.string { $0.append(value) }
            }
        }
    }

    /// An array of documents, one for each value.
    mutating func array<Value>(_ name: StaticString, _ values: [Value], _ body: (inout BSONWriter, Value) -> Void) {
        self.name(name, BSONType.array)
        document { writer in
            for (index, value) in values.enumerated() {
                writer.name(String(index), BSONType.document)
                writer.document { body(&$0, value) }
            }
        }
    }

    @inline(__always)
    mutating func document(_ body: (inout BSONWriter) -> Void) {
        let start = begin()
        body(&self)
        end(start)
    }

    /// A string's value: its length with the NUL, its bytes, the NUL.
    @inline(__always)
    mutating func string(_ body: (inout BSONWriter) -> Void) {
        let start = begin()
        body(&self)
        append(UInt8(0))
        setLength(count - start - 4, at: start)
    }
}

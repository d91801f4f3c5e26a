internal import CMongoC

/// Room on the heap for `count` of libbson's `bson_t`, which wants 128-byte alignment: Swift's stack does not promise
/// that, so a `bson_t` never lies there.
private func allocateViews(_ count: Int) -> UnsafeMutableRawPointer {
    .allocate(byteCount: viewSize * count, alignment: Int(tributary_bson_alignment))
}

private let viewSize = Int(tributary_bson_size)

/// Finished BSON documents over one piece of memory, and the `bson_t` by which libmongoc is shown each.
///
/// Nothing is copied: a static `bson_t` is a view.
final class BSONBatch: @unchecked Sendable {  // filled by one task, then only read
    private let writer: BSONWriter
    private let views: UnsafeMutableRawPointer
    /// One pointer a document, as libmongoc's bulk calls want them.
    let pointers: UnsafeMutableBufferPointer<OpaquePointer?>

    /// Takes what was written; `documents` are its finished documents' places.
    init(_ writer: consuming BSONWriter, documents: [Range<Int>]) {
        self.writer = writer
        views = allocateViews(max(1, documents.count))
        pointers = .allocate(capacity: documents.count)
        let bytes = self.writer.bytes
        for (index, place) in documents.enumerated() {
            let start = bytes.baseAddress?.advanced(by: place.lowerBound).assumingMemoryBound(to: UInt8.self)
            let view = OpaquePointer(views + index * viewSize)
            precondition(bson_init_static(view, start, place.count), "a document of impossible length")
            pointers.initializeElement(at: index, to: view)
        }
    }

    /// A batch of one document.
    convenience init(_ body: (inout BSONWriter) -> Void) {
        var writer = BSONWriter(capacity: 256)
        writer.document(body)
        let end = writer.count
        self.init(writer, documents: [0..<end])
    }

    deinit {
        views.deallocate()  // static views own nothing
        pointers.deallocate()
    }

    var count: Int { pointers.count }

    /// The only document of a batch of one.
    var document: OpaquePointer { OpaquePointer(views) }
}

/// A reply that libmongoc fills in.
final class BSONReply {
    private let memory = allocateViews(1)
    /// What is handed to libmongoc, which always initialises it, also when the call fails.
    var storage: OpaquePointer { OpaquePointer(memory) }

    init() { bson_init(storage) }

    deinit {
        bson_destroy(storage)
        memory.deallocate()
    }

    /// Reads the reply; it lives as long as `body` runs.
    func read<Value>(_ body: (BSONReader) throws(BSONFault) -> Value) throws(BSONFault) -> Value {
        defer { withExtendedLifetime(self) {} }
        return try body(try BSONReader(contentsOf: storage))
    }
}

extension BSONReader {
    /// Looks at a document that libbson holds.
    init(contentsOf document: OpaquePointer) throws(BSONFault) {
        guard let data = bson_get_data(document) else { throw BSONFault(reason: "no document") }
        let length = Int(Int32(littleEndian: UnsafeRawPointer(data).loadUnaligned(as: Int32.self)))
        try self.init(UnsafeRawBufferPointer(start: data, count: max(0, length)))
    }
}

/// Says a document in JSON: how metadata is read back. Numbers keep their value, dates become `$date`.
func relaxedJSON(of document: UnsafeRawBufferPointer) throws(BSONFault) -> [UInt8] {
    var writer = BSONWriter(capacity: document.count)
    writer.append(document)
    let batch = BSONBatch(writer, documents: [0..<document.count])
    var length = 0
    guard let text = bson_as_relaxed_extended_json(batch.document, &length) else {
        throw BSONFault(reason: "a document cannot be said in JSON")
    }
    defer { bson_free(text) }
    return Array(UnsafeRawBufferPointer(start: text, count: length))
}

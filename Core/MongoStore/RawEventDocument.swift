internal import Events
internal import Stores

/// Writes events as documents of `raw_events`.
struct RawEventEncoder: ~Copyable {
    /// MongoDB's limit for one document.
    private static let largest = 16 * 1024 * 1024

    private var writer: BSONWriter
    private var metadata = JSONToBSON()
    private var documents: [Range<Int>] = []
    /// The index of each document's event.
    private var events: [Int] = []
    private var refused: [(index: Int, reason: String)] = []
    private let now: Int64

    /// Encodes all events, in order. `now` is when they are stored, in milliseconds since 1970.
    static func encode(_ events: [RawEvent], now: Int64) -> EncodedEvents {
        var encoder = RawEventEncoder(count: events.count, now: now)
        for (index, event) in events.enumerated() { encoder.append(event, index) }
        return encoder.finish()
    }

    private init(count: Int, now: Int64) {
        writer = BSONWriter(capacity: count * 640)
        documents.reserveCapacity(count)
        events.reserveCapacity(count)
        self.now = now
    }

    private consuming func finish() -> EncodedEvents {
        EncodedEvents(batch: BSONBatch(writer, documents: documents), events: events, refused: refused)
    }

    private mutating func append(_ event: RawEvent, _ index: Int) {
        let start = writer.count
        do throws(Refusal) {
            guard size(of: event) <= Self.largest else { throw Refusal(reason: Self.tooLarge) }
            try write(event)
            guard writer.count - start <= Self.largest else { throw Refusal(reason: Self.tooLarge) }
            documents.append(start..<writer.count)
            events.append(index)
        } catch {
            writer.truncate(to: start)
            refused.append((index, error.reason))
        }
    }

    private static let tooLarge = "the event is larger than a document can be (16 MiB)"

    /// A bound that keeps every length within what BSON can say: text becomes at most seven times larger.
    private func size(of event: RawEvent) -> Int {
        event.source.utf8.count + event.eventID.utf8.count + event.userID.utf8.count + event.eventType.utf8.count
            + (event.metadata?.count ?? 0) + event.context.size
    }

    private mutating func write(_ event: RawEvent) throws(Refusal) {
        let start = writer.begin()
        writer.name("_id", BSONType.string)
        writer.string { id in
            id.append(event.source)
            id.append(UInt8(ascii: "/"))
            id.append(event.eventID)
        }
        writer.field("source", event.source)
        writer.field("userId", event.userID)
        writer.field("eventType", event.eventType)
        writer.field("timestamp", date: event.timestamp)
        if let time = event.clientTimestamp { writer.field("clientTimestamp", date: time) }
        writer.field("receivedAt", date: event.receivedAt)
        if let text = event.metadata { try write(metadata: text) }
        writer.field("context") { event.context.write(to: &$0) }
        writer.field("ingest") { [now] ingest in
            ingest.position(event.position)
            ingest.field("at", date: now)
            ingest.field("payloadHash", event.payloadHash)
        }
        writer.end(start)
    }

    private mutating func write(metadata text: ArraySlice<UInt8>) throws(Refusal) {
        do throws(JSONFault) {
            try text.withUnsafeBufferPointer { bytes throws(JSONFault) in
                try metadata.append("metadata", UnsafeRawBufferPointer(bytes), to: &writer)
            }
        } catch { throw Refusal(reason: error.reason) }
    }

    private struct Refusal: Error {
        let reason: String
    }
}

/// Events as documents, and those that cannot be.
struct EncodedEvents {
    let batch: BSONBatch
    /// The index of each document's event.
    let events: [Int]
    let refused: [(index: Int, reason: String)]
}

extension BSONWriter {
    /// The three fields of a position.
    mutating func position(_ position: Position) {
        field("epoch", position.epoch)
        field("partition", position.partition)
        field("offset", position.offset)
    }

    mutating func field(_ name: StaticString, _ digest: Digest128) {
        field(name, high: digest.high, low: digest.low)
    }
}

/// What the stored event with a taken `_id` is.
struct StoredIdentity: Sendable {
    static let fields = ["ingest.epoch", "ingest.partition", "ingest.offset", "ingest.payloadHash"]

    var id = ""
    var ingest = IngestFields()

    init(_ document: BSONReader) throws(BSONFault) {
        var document = document
        while let element = try document.next() {
            if element.isNamed("_id") {
                id = try element.string()
            } else if element.isNamed("ingest") {
                ingest = try IngestFields(try element.document())
            }
        }
    }

    /// The verdict on another event with the same `_id`.
    func verdict(on event: RawEvent) -> InsertVerdict {
        InsertVerdict(on: event, storedAt: ingest.position, payloadHash: ingest.payloadHash)
    }
}

/// The part `ingest` of a stored event.
struct IngestFields: Sendable {
    var position = Position(epoch: 0, partition: 0, offset: -1)
    var payloadHash = Digest128(high: 0, low: 0)

    init() {}

    init(_ document: BSONReader) throws(BSONFault) {
        var document = document
        while let element = try document.next() {
            if element.isNamed("epoch") {
                position.epoch = try element.integer32()
            } else if element.isNamed("partition") {
                position.partition = try element.integer32()
            } else if element.isNamed("offset") {
                position.offset = try element.integer()
            } else if element.isNamed("payloadHash") {
                payloadHash = try element.digest()
            }
        }
    }
}

import Stores

/// A record as a test compares it.
struct PlainRecord: Hashable, Comparable {
    var key: [UInt8]
    var value: [UInt8]
    /// Names and values, those of dead letters left out.
    var headers: [[UInt8]]

    init(_ batch: RecordBatch, _ index: Int) {
        key = batch.key(at: index).map(Array.init) ?? []
        value = Array(batch.value(at: index))
        headers = batch.headerFields(at: index).filter { !HeaderName.isOfDeadLetter($0.name) }
            .flatMap { [Array($0.name), Array($0.value)] }
    }

    static func < (left: PlainRecord, right: PlainRecord) -> Bool {
        left.value.lexicographicallyPrecedes(right.value)
    }
}

/// Records as the collector would write them, and poison among them.
struct MadeRecords {
    /// Bytes that are no event, each in its own way.
    private static let faults: [@Sendable (Int) -> [UInt8]] = [
        { Array("{\"userId\":\"u\($0)\"".utf8) },
        { Array(#"{"userId":"null","eventType":"page_view","n":\#($0)}"#.utf8) },
        { [0xFF, 0x00, 0xC3] + Array("\($0)".utf8) },
        { Array(#"{"userId":"u\#($0)","eventType":"NOT A TYPE"}"#.utf8) },
        { Array("[\(String(repeating: "[", count: 5_000))\($0)".utf8) },
    ]

    private(set) var batch = RecordBatch()
    /// Places of poison in the batch.
    private(set) var poison: Set<Int> = []
    private let time: Int64

    /// - Parameter time: when they were received, milliseconds since 1970.
    init(at time: Int64) { self.time = time }

    /// Appends a good event of one of 200 users.
    mutating func append(_ number: Int, to partition: Int32 = -1, note: String = "") {
        let value =
            #"{"userId":"user\#(number % 200)","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z","#
            + #""metadata":{"n":\#(number),"note":"\#(note)"}}"#
        append(Array(value.utf8), number, partition)
    }

    /// Appends what can never be stored.
    mutating func appendPoison(_ number: Int, to partition: Int32 = -1) {
        poison.insert(batch.count)
        append(Self.faults[number % Self.faults.count](number), number, partition)
    }

    private mutating func append(_ value: [UInt8], _ number: Int, _ partition: Int32) {
        let fields: [(HeaderName, String)] = [
            (.source, "shop"), (.eventID, "e\(number)"), (.receivedAt, String(time)),
        ]
        let headers = fields.map { RecordBatch.Header(name: batch.store($0.0.rawValue), value: batch.store($0.1)) }
        batch.append(
            key: batch.store("user\(number % 200)"), value: batch.store(value), headers: headers, timestamp: time,
            partition: partition)
    }

    /// The poison, in order of value.
    var plainPoison: [PlainRecord] { poison.map { PlainRecord(batch, $0) }.sorted() }
}

extension EventLog {
    /// Everything in the dead-letter topic, in order of value.
    func plainDeadLetters() async throws -> [PlainRecord] {
        let count = try await partitionCount(of: .deadLetters)
        let extents = try await watermarks(of: .deadLetters, partitions: Array(0..<Int32(count)))
        let places = extents.flatMap { partition, extent in
            (extent.low..<extent.high).map { LogOffset(partition: partition, offset: $0) }
        }
        guard !places.isEmpty else { return [] }
        let letters = try await records(at: places, in: .deadLetters)
        return letters.records.indices.map { PlainRecord(letters, $0) }.sorted()
    }

    /// Appends records in pieces that a producer's queue has room for.
    func produceAll(_ batch: RecordBatch) async throws {
        for start in stride(from: 0, to: batch.count, by: 1_000) {
            _ = try await produce(batch.selecting(start..<min(start + 1_000, batch.count)), to: .userEvents)
        }
    }
}

extension RawEventStore {
    /// Every stored event, by position, with the values of these keys of its metadata.
    func everything(metadata names: [String] = []) async throws -> [String] {
        let keys = MetadataKeys(names) ?? .none
        return try await withConsistentReader { reader in
            var lines: [String] = []
            for book in try await reader.progress() {
                let window = OffsetWindow(partition: book.partition, offsets: book.first..<book.next)
                lines += try await reader.events(in: window, metadata: keys).map { "\(book.partition) \($0)" }
            }
            return lines
        }
    }

    /// The books, summed up.
    func totals() async throws -> Totals { Totals(try await withConsistentReader { try await $0.progress() }) }
}

/// The books of all partitions and epochs together.
struct Totals: Equatable {
    var processed: Int64 = 0
    var stored: Int64 = 0
    var duplicate: Int64 = 0
    var dead: Int64 = 0
    var lost: Int64 = 0
    var areBalanced = true

    init(_ books: [IngestProgress]) {
        for book in books {
            processed += book.next - book.first
            stored += book.stored
            duplicate += book.duplicate
            dead += book.dead
            lost += book.lost
            areBalanced = areBalanced && book.isBalanced
        }
    }
}

extension Pipeline.Role {
    /// The values of a metric, one for each label set; none while the role does not answer.
    func values(of metric: String) async throws -> [Double] {
        try await get("\(url)/metrics").body.split(separator: "\n").filter {
            $0.hasPrefix("\(metric){") || $0.hasPrefix("\(metric) ")
        }.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
    }

    /// Their sum.
    func sum(of metric: String) async throws -> Double { try await values(of: metric).reduce(0, +) }
}

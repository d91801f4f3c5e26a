internal import Events

/// Records of the log over one byte arena: what is produced, and what is consumed.
///
/// Keys, values, header names and header values are ranges of `bytes`, so a batch of a thousand records is
/// three arrays and crosses modules and tasks without copying.
public struct RecordBatch: Sendable {
    /// One record. Ranges index `RecordBatch.bytes`.
    public struct Record: Sendable {
        /// The key, which chooses the partition; `nil` for a record without one.
        public var key: Range<Int>?
        /// The value.
        public var value: Range<Int>
        /// The record's headers, a range of `RecordBatch.headers`.
        public var headers: Range<Int>
        /// Milliseconds since 1970, UTC.
        public var timestamp: Int64
        /// The partition it was read from; for a record to be produced, the partition wanted, -1 for the
        /// partitioner's choice.
        public var partition: Int32
        /// The offset it was read from; -1 before it is produced.
        public var offset: Int64
    }

    /// A header: two ranges of `RecordBatch.bytes`.
    public struct Header: Sendable {
        /// The header's name, UTF-8.
        public var name: Range<Int>
        /// The header's value.
        public var value: Range<Int>

        /// Describes a header whose parts already lie in the arena.
        public init(name: Range<Int>, value: Range<Int>) {
            self.name = name
            self.value = value
        }
    }

    /// The arena that all ranges point into.
    public private(set) var bytes: [UInt8]
    /// The records, in the order they were appended or read.
    public private(set) var records: [Record] = []
    /// The headers of all records; those of one record are adjacent.
    public private(set) var headers: [Header] = []

    /// Starts a batch over `bytes`, usually a request's body, which later ranges may point into.
    public init(bytes: [UInt8] = []) { self.bytes = bytes }

    /// Makes room for so many bytes, records and headers.
    public mutating func reserve(bytes size: Int, records: Int, headers: Int) {
        bytes.reserveCapacity(size)
        self.records.reserveCapacity(records)
        self.headers.reserveCapacity(headers)
    }

    /// The number of records.
    public var count: Int { records.count }
    /// Whether there are no records.
    public var isEmpty: Bool { records.isEmpty }

    /// Copies bytes into the arena and says where they are.
    public mutating func store(_ new: some Collection<UInt8>) -> Range<Int> {
        let start = bytes.count
        bytes.append(contentsOf: new)
        return start..<bytes.count
    }

    /// Copies raw memory into the arena and says where it is.
    public mutating func store(_ new: UnsafeRawBufferPointer) -> Range<Int> {
        let start = bytes.count
        bytes.append(contentsOf: new)
        return start..<bytes.count
    }

    /// Copies a text's UTF-8 into the arena and says where it is.
    public mutating func store(_ text: String) -> Range<Int> { store(text.utf8) }

    /// Appends a record whose parts already lie in the arena.
    public mutating func append(
        key: Range<Int>?, value: Range<Int>, headers new: some Collection<Header>, timestamp: Int64,
        partition: Int32 = -1, offset: Int64 = -1
    ) {
        let start = headers.count
        headers.append(contentsOf: new)
        records.append(
            Record(
                key: key, value: value, headers: start..<headers.count, timestamp: timestamp,
                partition: partition, offset: offset))
    }

    /// A batch of some of the records, over the same arena, which is not copied.
    /// - Parameter partition: the partition that a record is to have; all keep theirs without it.
    public func selecting(
        _ indices: some Sequence<Int>, partition: (Int) -> Int32? = { _ in nil }
    ) -> RecordBatch {
        var selection = RecordBatch(bytes: bytes)
        for index in indices {
            let record = records[index]
            selection.append(
                key: record.key, value: record.value, headers: headers[record.headers], timestamp: record.timestamp,
                partition: partition(index) ?? record.partition, offset: record.offset)
        }
        return selection
    }

    /// The key's bytes; `nil` for a record without a key.
    public func key(at index: Int) -> ArraySlice<UInt8>? { records[index].key.map { bytes[$0] } }

    /// The value's bytes.
    public func value(at index: Int) -> ArraySlice<UInt8> { bytes[records[index].value] }

    /// The value of the record's last header of that name, as Kafka's `lastHeader` does; `nil` without one.
    public func header(_ name: HeaderName, at index: Int) -> ArraySlice<UInt8>? {
        for place in records[index].headers.reversed() where isNamed(name, headers[place]) {
            return bytes[headers[place].value]
        }
        return nil
    }

    /// Whether a header has this name, byte by byte.
    public func isNamed(_ name: HeaderName, _ header: Header) -> Bool {
        let wanted = name.rawValue.utf8
        guard header.name.count == wanted.count else { return false }
        return wanted.withContiguousStorageIfAvailable { isNamed(UnsafeRawBufferPointer($0), header) }
            ?? bytes[header.name].elementsEqual(wanted)
    }

    /// Whether a header has the name that these bytes are.
    public func isNamed(_ name: UnsafeRawBufferPointer, _ header: Header) -> Bool {
        bytes.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[header.name]).hasSameBytes(as: name) }
    }

    /// The header as text; `nil` without one or where it is not UTF-8.
    public func text(_ name: HeaderName, at index: Int) -> String? {
        header(name, at: index).flatMap(\.utf8Text)
    }

    /// All of a record's headers, in order, for carrying them on.
    public func headerFields(at index: Int) -> [(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] {
        headers[records[index].headers].map { (bytes[$0.name], bytes[$0.value]) }
    }
}

/// The names of Kafka headers that this pipeline writes: lower case, words joined by hyphens.
public struct HeaderName: RawRepresentable, Hashable, Sendable {
    /// The name on the wire.
    public let rawValue: String

    /// Wraps a name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The event's identity within its source.
    public static let eventID = HeaderName(rawValue: "event-id")
    /// The source, by the write key that was used.
    public static let source = HeaderName(rawValue: "source")
    /// When the collector received it: milliseconds since 1970, decimal.
    public static let receivedAt = HeaderName(rawValue: "received-at")
    /// The request's `sentAt`: milliseconds since 1970, decimal. Absent where none was given.
    public static let sentAt = HeaderName(rawValue: "sent-at")
    /// `receipt` where the collector spliced the time of receipt into a value that had no timestamp: a client's
    /// retry then differs in it, and must still be a duplicate and no conflict.
    public static let timestampFrom = HeaderName(rawValue: "timestamp-from")
    /// The client's address, anonymised (IPv4 /24, IPv6 /48).
    public static let clientAddress = HeaderName(rawValue: "client-address")
    /// The client's `User-Agent`.
    public static let userAgent = HeaderName(rawValue: "user-agent")
    /// `server` where the write key may speak for others: `userAgent` and `clientAddress` of `metadata` then come before
    /// what the request told. Absent for all other keys.
    public static let keyMark = HeaderName(rawValue: "key-mark")
    /// The client hint of that name, as sent: brands and versions. Absent where the request had none.
    public static let clientHintBrands = HeaderName(rawValue: "sec-ch-ua")
    /// The client hint of that name, as sent: the platform.
    public static let clientHintPlatform = HeaderName(rawValue: "sec-ch-ua-platform")
    /// The client hint of that name, as sent: `?1` for a mobile device.
    public static let clientHintMobile = HeaderName(rawValue: "sec-ch-ua-mobile")
    /// W3C Trace Context.
    public static let traceparent = HeaderName(rawValue: "traceparent")

    /// Dead letter: the stage that gave up (`collect`, `decode`, `store`).
    public static let deadLetterStage = HeaderName(rawValue: "dlq-stage")
    /// Dead letter: the bounded reason code.
    public static let deadLetterReason = HeaderName(rawValue: "dlq-reason")
    /// Dead letter: the reason for people.
    public static let deadLetterMessage = HeaderName(rawValue: "dlq-message")
    /// Dead letter: the original topic.
    public static let deadLetterTopic = HeaderName(rawValue: "dlq-topic")
    /// Dead letter: the original partition, decimal.
    public static let deadLetterPartition = HeaderName(rawValue: "dlq-partition")
    /// Dead letter: the original offset, decimal.
    public static let deadLetterOffset = HeaderName(rawValue: "dlq-offset")
    /// Dead letter: how often it was tried, decimal.
    public static let deadLetterAttempts = HeaderName(rawValue: "dlq-attempts")
    /// Dead letter: when, milliseconds since 1970, decimal.
    public static let deadLetterFailedAt = HeaderName(rawValue: "dlq-failed-at")
    /// Dead letter: the consumer group that gave up.
    public static let deadLetterConsumerGroup = HeaderName(rawValue: "dlq-consumer-group")
    /// Dead letter: how often it has been replayed, decimal.
    public static let deadLetterReplays = HeaderName(rawValue: "dlq-replays")
    /// Dead letter of the stage `collect`: the size in bytes of a value that was cut, decimal. Absent on whole ones.
    public static let deadLetterTruncatedFrom = HeaderName(rawValue: "dlq-truncated-from")

    /// Whether a header's name is one of a dead letter's own.
    public static func isOfDeadLetter(_ name: ArraySlice<UInt8>) -> Bool { name.starts(with: "dlq-".utf8) }
}

import Events
public import Stores

/// Why something cannot be done with a dead letter.
public struct LetterFault: Error, Equatable, Sendable {
    /// For people.
    public let reason: String

    /// Says why.
    public init(_ reason: String) { self.reason = reason }
}

/// Dead letters as the topic keeps them.
public struct Letters: Sendable {
    private let batch: RecordBatch
    private let indices: [LogOffset: Int]

    /// Reads the letters of index entries. Those that the topic no longer holds are absent.
    public static func read(_ entries: [DeadLetterEntry], from log: any EventLog) async throws -> Letters {
        let places = entries.map(\.deadLetter)
        return Letters(places.isEmpty ? RecordBatch() : try await log.records(at: places, in: .deadLetters))
    }

    private init(_ batch: RecordBatch) {
        self.batch = batch
        indices = Dictionary(
            batch.records.indices.map { index in
                (LogOffset(partition: batch.records[index].partition, offset: batch.records[index].offset), index)
            }
        ) { first, _ in first }
    }

    /// The letter of an entry.
    /// - Throws: where the topic no longer holds it, or is another one now and holds somebody else's in its place.
    public func letter(of entry: DeadLetterEntry) throws(LetterFault) -> Letter {
        guard let index = indices[entry.deadLetter] else {
            throw LetterFault("the dead-letter topic no longer holds its bytes")
        }
        let letter = Letter(batch: batch, index: index, entry: entry)
        guard letter.isOf(entry.position) else {
            throw LetterFault("the dead-letter topic holds another record in its place")
        }
        return letter
    }
}

/// One dead letter: the record that failed, and why.
public struct Letter: Sendable {
    fileprivate let batch: RecordBatch
    fileprivate let index: Int
    /// What the index says of it.
    public let entry: DeadLetterEntry

    /// The value that failed, byte by byte.
    public var value: ArraySlice<UInt8> { batch.value(at: index) }
    /// The record's key; `nil` where it had none.
    public var key: ArraySlice<UInt8>? { batch.key(at: index) }
    /// All headers, the original ones first. Bytes that are not UTF-8 are shown as U+FFFD.
    public var headers: [(name: String, value: String)] {
        batch.headerFields(at: index).map {
            (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self))
        }
    }
    /// How often its event has been replayed.
    public var replays: Int { batch.text(.deadLetterReplays, at: index).flatMap { Int($0) } ?? 0 }

    fileprivate func isOf(_ position: Position) -> Bool {
        batch.text(.deadLetterPartition, at: index) == String(position.partition)
            && batch.text(.deadLetterOffset, at: index) == String(position.offset)
    }

    /// Whether a plan lets it be sent.
    func check(_ plan: DeadLetterReplay.Plan) throws(LetterFault) {
        if replays >= plan.maximumReplays {
            throw LetterFault("it has been replayed \(replays) times; correct it, or raise --max-replays")
        }
        guard plan.corrections == nil, entry.reason == Fault.Reason.conflict.code, !plan.includesConflicts else {
            return
        }
        throw LetterFault("another event with its eventId is stored, so it would fail again; give it another one")
    }

    /// Appends the record to be sent: as it was, or with a corrected value.
    func append(_ correction: [UInt8]?, to records: inout RecordBatch, now: Int64) throws(LetterFault) {
        var (key, value, eventID) = (key.map(Array.init), Array(value), batch.text(.eventID, at: index))
        if let correction {
            let event = try Self.scan(correction, now: now)
            (key, value) = (Array(event.userID.utf8), correction)
            // Else the collector's id stays: the corrected event is the same event.
            if let own = event.eventID { eventID = own }
        }
        var headers: [RecordBatch.Header] = []
        for field in batch.headerFields(at: index) where Self.isOriginal(field.name) {
            headers.append(.init(name: records.store(field.name), value: records.store(field.value)))
        }
        if let eventID {
            headers.append(.init(name: records.store(HeaderName.eventID.rawValue), value: records.store(eventID)))
        }
        headers.append(
            .init(name: records.store(HeaderName.deadLetterReplays.rawValue), value: records.store(String(replays + 1)))
        )
        records.append(
            key: key.map { records.store($0) }, value: records.store(value), headers: headers,
            // As for a new record: the log's retention counts from now. The time of receipt travels in its header.
            timestamp: now)
    }

    /// The letter's own headers stay behind, and the event's id is written anew.
    private static func isOriginal(_ name: ArraySlice<UInt8>) -> Bool {
        !HeaderName.isOfDeadLetter(name) && !name.elementsEqual(HeaderName.eventID.rawValue.utf8)
    }

    /// A corrected event must be a good one.
    private static func scan(_ bytes: [UInt8], now: Int64) throws(LetterFault) -> ScannedEvent {
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<ScannedEvent, LetterFault> in
            do throws(JSONSyntaxError) {
                var scanner = EventScanner(buffer, now: now)
                let event = try scanner.next()
                guard scanner.scanner.peek() == nil else {
                    return .failure(LetterFault("the correction is no single event"))
                }
                if let violation = event.violation {
                    return .failure(LetterFault("the correction's \(violation.field) \(violation.message)"))
                }
                return .success(event)
            } catch {
                return .failure(
                    LetterFault("the correction is not valid JSON: \(error.reason) at byte \(error.offset)"))
            }
        }
        return try result.get()
    }
}

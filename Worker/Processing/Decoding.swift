import Events
import Stores

/// What became of a record so far.
enum Decoded: Sendable {
    case event(RawEvent)
    case fault(Fault)
}

/// Turns records into events, by the same rules that the collector applies: whoever else writes to the topic is held
/// to them too.
struct Decoder: Sendable {
    /// Decodes the records of a slice, in order.
    /// - Parameter epoch: the partition's incarnation, for the events' positions.
    func decode(_ slice: RecordSlice, epoch: Int32) -> [Decoded] {
        slice.batch.bytes.withUnsafeBufferPointer { arena in
            slice.indices.map { decode($0, of: slice.batch, in: arena, epoch: epoch) }
        }
    }

    private func decode(
        _ index: Int, of batch: RecordBatch, in arena: UnsafeBufferPointer<UInt8>, epoch: Int32
    ) -> Decoded {
        do {
            return .event(try event(index, of: batch, in: arena, epoch: epoch))
        } catch let fault as Fault {
            return .fault(fault)
        } catch let error as JSONSyntaxError {
            let what = "not valid JSON: \(error.reason) at byte \(error.offset)"
            return .fault(broken(EventViolation(.invalidJSON, field: "", what)))
        } catch {
            return .fault(broken(EventViolation(.invalidJSON, field: "", "not valid JSON")))
        }
    }

    private func event(
        _ index: Int, of batch: RecordBatch, in arena: UnsafeBufferPointer<UInt8>, epoch: Int32
    ) throws -> RawEvent {
        let record = batch.records[index]
        let source = try source(index, of: batch)
        let receivedAt = try receivedAt(index, of: batch)
        let skew = try sentAt(index, of: batch).map { receivedAt - $0 } ?? 0
        let value = UnsafeBufferPointer(rebasing: arena[record.value])
        let hasOwnTime = batch.header(.timestampFrom, at: index) == nil
        // A spliced time is by the collector's clock already.
        let event = try scan(value, now: receivedAt, skew: hasOwnTime ? skew : 0)
        // The digest covers the client's time: the same event sent again, with another sentAt, is a duplicate.
        let (hash, hasDuplicateKeys) = try event.payloadHash(in: value, hasOwnTime: hasOwnTime)
        let time = (client: event.timestamp, corrected: event.timestamp.map { hasOwnTime ? $0 + skew : $0 })
        let start = record.value.lowerBound
        let metadata = try event.metadata.map { range in
            hasDuplicateKeys
                ? try event.metadataWithUniqueKeys(in: value)![...]
                : batch.bytes[start + range.lowerBound..<start + range.upperBound]
        }
        return RawEvent(
            source: source, eventID: try eventID(index, of: batch, own: event.eventID), userID: event.userID,
            eventType: event.eventType, timestamp: time.corrected ?? receivedAt,
            clientTimestamp: time.client == time.corrected ? nil : time.client, receivedAt: receivedAt,
            metadata: metadata, context: EventContext(),
            position: Position(epoch: epoch, partition: record.partition, offset: record.offset), payloadHash: hash)
    }

    private func scan(_ value: UnsafeBufferPointer<UInt8>, now: Int64, skew: Int64) throws -> ScannedEvent {
        var scanner = EventScanner(value, now: now, skew: skew)
        let event = try scanner.next()
        guard scanner.scanner.peek() == nil else {
            throw JSONSyntaxError("expected the end of the text", at: scanner.scanner.index)
        }
        if let violation = event.violation { throw broken(violation) }
        return event
    }
}

/// What the headers say. Anyone who may write to the topic may write anything into them.
extension Decoder {
    private func source(_ index: Int, of batch: RecordBatch) throws(Fault) -> String {
        guard batch.header(.source, at: index) != nil else { throw missing(.source) }
        guard let source = batch.text(.source, at: index), EventRules.isSource(source) else {
            throw invalid(.source, "must be ^[a-z0-9][a-z0-9_-]{0,63}$")
        }
        return source
    }

    /// The time of receipt; without that header the record's time.
    private func receivedAt(_ index: Int, of batch: RecordBatch) throws(Fault) -> Int64 {
        let isAbsent = batch.header(.receivedAt, at: index) == nil
        let time =
            isAbsent
            ? batch.records[index].timestamp : batch.text(.receivedAt, at: index).flatMap { Int64($0) }
        guard let time, (0...Timestamp.maximum).contains(time) else {
            throw invalid(.receivedAt, "or else the record's time must be milliseconds since 1970")
        }
        return time
    }

    /// When the client sent the request, by its own clock; `nil` where it did not tell.
    private func sentAt(_ index: Int, of batch: RecordBatch) throws(Fault) -> Int64? {
        guard batch.header(.sentAt, at: index) != nil else { return nil }
        guard let time = batch.text(.sentAt, at: index).flatMap({ Int64($0) }), (0...Timestamp.maximum).contains(time)
        else { throw invalid(.sentAt, "must be milliseconds since 1970") }
        return time
    }

    /// The identity that the collector gave; without that header the event's own.
    private func eventID(_ index: Int, of batch: RecordBatch, own: String?) throws(Fault) -> String {
        guard batch.header(.eventID, at: index) != nil else {
            if let own { return own }
            throw missing(.eventID)
        }
        guard let eventID = batch.text(.eventID, at: index) else { throw invalid(.eventID, "must be UTF-8") }
        if let violation = EventRules.checkEventID(eventID) { throw invalid(.eventID, violation.message) }
        return eventID
    }

    private func broken(_ violation: EventViolation) -> Fault {
        let what = violation.field.isEmpty ? violation.message : "\(violation.field) \(violation.message)"
        return Fault(stage: .decode, reason: .violation(violation.code), message: what)
    }

    private func missing(_ header: HeaderName) -> Fault {
        Fault(stage: .decode, reason: .missingHeader, message: "the header \(header.rawValue) is missing")
    }

    private func invalid(_ header: HeaderName, _ rule: String) -> Fault {
        Fault(stage: .decode, reason: .invalidHeader, message: "the header \(header.rawValue) \(rule)")
    }
}

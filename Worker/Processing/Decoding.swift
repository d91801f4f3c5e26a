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
    /// What is kept from record to record.
    private struct Scratch {
        /// The source of the record before: hardly ever another one's.
        var source = ""
        var hasher = PayloadHasher()

        func isSource(_ bytes: ArraySlice<UInt8>) -> Bool {
            !source.isEmpty && bytes.count == source.utf8.count && bytes.elementsEqual(source.utf8)
        }
    }

    /// Decodes the records of a slice, in order.
    /// - Parameters:
    ///   - epoch: the partition's incarnation, for the events' positions.
    ///   - enricher: completes each event.
    func decode(_ slice: RecordSlice, epoch: Int32, completing enricher: Enricher? = nil) -> [Decoded] {
        var scratch = Scratch()
        return slice.batch.bytes.withUnsafeBufferPointer { arena in
            slice.indices.map { index in
                decode(index, of: slice.batch, in: arena, epoch: epoch, using: &scratch, enricher)
            }
        }
    }

    private func decode(
        _ index: Int, of batch: RecordBatch, in arena: UnsafeBufferPointer<UInt8>, epoch: Int32,
        using scratch: inout Scratch, _ enricher: Enricher?
    ) -> Decoded {
        do {
            var event = try event(index, of: batch, in: arena, epoch: epoch, using: &scratch)
            // Completed before it is anywhere: an event is thirty fields to copy.
            enricher?.enrich(&event, RequestHeaders(index, of: batch))
            return .event(event)
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
        _ index: Int, of batch: RecordBatch, in arena: UnsafeBufferPointer<UInt8>, epoch: Int32,
        using scratch: inout Scratch
    ) throws -> RawEvent {
        let record = batch.records[index]
        let source = try source(index, of: batch, using: &scratch)
        let receivedAt = try receivedAt(index, of: batch)
        let skew = try sentAt(index, of: batch).map { receivedAt - $0 } ?? 0
        let value = UnsafeBufferPointer(rebasing: arena[record.value])
        let hasOwnTime = batch.header(.timestampFrom, at: index) == nil
        // A spliced time is by the collector's clock already.
        let event = try scan(value, now: receivedAt, skew: hasOwnTime ? skew : 0)
        // The digest covers the client's time: the same event sent again, with another sentAt, is a duplicate.
        let (hash, hasDuplicateKeys) = try scratch.hasher.hash(event, in: value, hasOwnTime: hasOwnTime)
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
    private func source(
        _ index: Int, of batch: RecordBatch, using scratch: inout Scratch
    ) throws(Fault) -> String {
        guard let bytes = batch.header(.source, at: index) else { throw missing(.source) }
        if scratch.isSource(bytes) { return scratch.source }
        guard let source = batch.text(.source, at: index), EventRules.isSource(source) else {
            throw invalid(.source, "must be ^[a-z0-9][a-z0-9_-]{0,63}$")
        }
        scratch.source = source
        return source
    }

    /// The time of receipt; without that header the record's time.
    private func receivedAt(_ index: Int, of batch: RecordBatch) throws(Fault) -> Int64 {
        let header = batch.header(.receivedAt, at: index)
        let time = header.map(Self.integer) ?? batch.records[index].timestamp
        guard let time, (0...Timestamp.maximum).contains(time) else {
            throw invalid(.receivedAt, "or else the record's time must be milliseconds since 1970")
        }
        return time
    }

    /// When the client sent the request, by its own clock; `nil` where it did not tell.
    private func sentAt(_ index: Int, of batch: RecordBatch) throws(Fault) -> Int64? {
        guard let header = batch.header(.sentAt, at: index) else { return nil }
        guard let time = Self.integer(header), (0...Timestamp.maximum).contains(time)
        else { throw invalid(.sentAt, "must be milliseconds since 1970") }
        return time
    }

    private static func integer(_ text: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for byte in text {
            guard byte &- UInt8(ascii: "0") < 10, text.count <= 18 else {
                // Signs and whatever else there may be: seldom, and slower.
                return Int64(String(decoding: text, as: UTF8.self))
            }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return text.isEmpty ? nil : value
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

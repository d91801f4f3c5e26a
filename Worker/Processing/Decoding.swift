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
        let record = batch.records[index]
        guard let source = batch.text(.source, at: index) else { return missing(.source) }
        guard EventRules.isSource(source) else { return invalid(.source, "must be ^[a-z0-9][a-z0-9_-]{0,63}$") }
        let receivedAt = batch.text(.receivedAt, at: index).flatMap { Int64($0) } ?? record.timestamp
        do {
            let value = UnsafeBufferPointer(rebasing: arena[record.value])
            var scanner = EventScanner(value, now: receivedAt)
            let event = try scanner.next()
            guard scanner.scanner.peek() == nil else {
                throw JSONSyntaxError("expected the end of the text", at: scanner.scanner.index)
            }
            if let violation = event.violation { return broken(violation) }
            guard let eventID = batch.text(.eventID, at: index) ?? event.eventID else { return missing(.eventID) }
            let hasOwnTime = batch.header(.timestampFrom, at: index) == nil
            let (hash, hasDuplicateKeys) = try event.payloadHash(in: value, hasOwnTime: hasOwnTime)
            let metadata = try event.metadata.map { range in
                hasDuplicateKeys
                    ? try event.metadataWithUniqueKeys(in: value)![...]
                    : batch.bytes[
                        range.lowerBound + record.value.lowerBound..<range.upperBound + record.value.lowerBound]
            }
            return .event(
                RawEvent(
                    source: source, eventID: eventID, userID: event.userID, eventType: event.eventType,
                    timestamp: event.timestamp ?? receivedAt, receivedAt: receivedAt, metadata: metadata,
                    context: EventContext(
                        clientAddress: batch.text(.clientAddress, at: index),
                        userAgent: batch.text(.userAgent, at: index)),
                    position: Position(epoch: epoch, partition: record.partition, offset: record.offset),
                    payloadHash: hash))
        } catch let error as JSONSyntaxError {
            return broken(
                EventViolation(.invalidJSON, field: "", "not valid JSON: \(error.reason) at byte \(error.offset)"))
        } catch {
            return broken(EventViolation(.invalidJSON, field: "", "not valid JSON"))
        }
    }

    private func broken(_ violation: EventViolation) -> Decoded {
        let what = violation.field.isEmpty ? violation.message : "\(violation.field) \(violation.message)"
        return .fault(Fault(stage: .decode, reason: .violation(violation.code), message: what))
    }

    private func missing(_ header: HeaderName) -> Decoded {
        .fault(Fault(stage: .decode, reason: .missingHeader, message: "the header \(header.rawValue) is missing"))
    }

    private func invalid(_ header: HeaderName, _ rule: String) -> Decoded {
        .fault(Fault(stage: .decode, reason: .invalidHeader, message: "the header \(header.rawValue) \(rule)"))
    }
}

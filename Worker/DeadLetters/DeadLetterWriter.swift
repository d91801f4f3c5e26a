import Events
import Logging
import Stores

/// Carries records at fault to the dead-letter topic, bytes intact, and puts them on the index.
struct DeadLetterWriter: Sendable {
    let log: any EventLog
    let store: any RawEventStore
    let consumerGroup: String
    let now: @Sendable () -> Int64
    let logger: Logger

    /// Returns when every dead letter is acknowledged and indexed. Those that an earlier try has indexed are left out.
    func write(_ faults: [(index: Int, fault: Fault)], of slice: RecordSlice, epoch: Int32) async throws {
        guard let first = faults.first, let last = faults.last else { return }
        let window = OffsetWindow(
            partition: PartitionEpoch(epoch: epoch, partition: slice.partition),
            offsets: slice.offset(at: first.index)..<slice.offset(at: last.index) + 1)
        let indexed = Set(try await store.deadLetters(in: window).map(\.position.offset))
        let new = faults.filter { !indexed.contains(slice.offset(at: $0.index)) }
        guard !new.isEmpty else { return }
        let failedAt = now()
        var letters = RecordBatch()
        for (index, fault) in new { append(index, fault, of: slice.batch, failedAt: failedAt, to: &letters) }
        let places = try await log.produce(letters, to: .deadLetters)
        try await store.recordDeadLetters(
            zip(new, places).map { item, place in
                entry(item.index, item.fault, of: slice.batch, epoch: epoch, at: place, failedAt: failedAt)
            })
        report(new, of: slice.batch, epoch: epoch)
    }

    /// One line a slice, about its first: a flood of faulty events is no flood of lines.
    private func report(_ faults: [(index: Int, fault: Fault)], of batch: RecordBatch, epoch: Int32) {
        guard let (index, fault) = faults.first else { return }
        let record = batch.records[index]
        var metadata: Logger.Metadata = [
            "count": "\(faults.count)", "stage": "\(fault.stage.rawValue)", "reason": "\(fault.reason.code)",
            "position": "\(Position(epoch: epoch, partition: record.partition, offset: record.offset))",
            "source": "\(batch.text(.source, at: index) ?? "")", "eventId": "\(batch.text(.eventID, at: index) ?? "")",
        ]
        if let trace = batch.header(.traceparent, at: index).flatMap({ TraceID.of(traceparent: $0) }) {
            metadata["traceId"] = "\(trace)"
        }
        logger.notice("Events went to the dead-letter topic; this is the first", metadata: metadata)
    }

    private func append(
        _ index: Int, _ fault: Fault, of batch: RecordBatch, failedAt: Int64, to letters: inout RecordBatch
    ) {
        let record = batch.records[index]
        var headers: [RecordBatch.Header] = []
        // A replayed event that fails again has no use for what an earlier letter said.
        for field in batch.headerFields(at: index) where !HeaderName.isOfDeadLetter(field.name) {
            headers.append(.init(name: letters.store(field.name), value: letters.store(field.value)))
        }
        let added: [(HeaderName, String)] = [
            (.deadLetterStage, fault.stage.rawValue), (.deadLetterReason, fault.reason.code),
            (.deadLetterMessage, fault.message), (.deadLetterTopic, Topic.userEvents.rawValue),
            (.deadLetterPartition, String(record.partition)), (.deadLetterOffset, String(record.offset)),
            (.deadLetterAttempts, "1"), (.deadLetterFailedAt, String(failedAt)),
            (.deadLetterConsumerGroup, consumerGroup),
            (.deadLetterReplays, batch.text(.deadLetterReplays, at: index) ?? "0"),
        ]
        for (name, value) in added {
            headers.append(.init(name: letters.store(name.rawValue), value: letters.store(value)))
        }
        let key = batch.key(at: index).map { letters.store($0) }
        letters.append(
            key: key, value: letters.store(batch.value(at: index)), headers: headers, timestamp: failedAt)
    }

    private func entry(
        _ index: Int, _ fault: Fault, of batch: RecordBatch, epoch: Int32, at place: LogOffset, failedAt: Int64
    ) -> DeadLetterEntry {
        let record = batch.records[index]
        return DeadLetterEntry(
            position: Position(epoch: epoch, partition: record.partition, offset: record.offset),
            deadLetter: place, stage: fault.stage.rawValue, reason: fault.reason.code, message: fault.message,
            source: batch.text(.source, at: index) ?? "", eventID: batch.text(.eventID, at: index) ?? "",
            failedAt: failedAt, state: .open)
    }
}

import Logging
import Metrics
import Stores

/// Draining.
extension Spill {
    /// Records of a batch: few at first, then as many as make up `batchSize` bytes.
    private static let batchCounts = 16...512
    private static let batchSize: Int64 = 1 << 20

    /// Gives a lane's records to the log, batch by batch, until there are none. Each batch is dropped from the spill
    /// only when the log has acknowledged it.
    /// - Parameter batches: how many at most.
    func drain(_ lane: Int, batches: Int = .max) async throws {
        guard change([lane], { $0.beginDrain(lane) }) else { return }
        defer { change([lane]) { $0.endDrain(lane) } }
        var (count, left) = (Self.batchCounts.lowerBound, batches)
        while left > 0 {
            try Task.checkCancellation()
            switch change([lane], { $0.step(lane, atMost: count) }) {
            case .done: return
            case .wait: await wait(for: lane) { $0.depth == 0 && $0.appending > 0 }
            case .drain(let range):
                count = try await drain(lane, range)
                left -= 1
            }
        }
    }

    /// - Returns: how many records the next batch may have.
    private func drain(_ lane: Int, _ range: Range<Int64>) async throws -> Int {
        let batch = try await read(lane, range)
        do {
            // The key chooses the partition, as it would have done without a spill.
            let records = batch.selecting(batch.records.indices) { _ in -1 }
            _ = try await unlessCancelled { [log] in try await log.produce(records, to: .userEvents) }
        } catch let error as EventLogError where error.code == .messageTooLarge {
            if range.count == 1 { try await setAside(batch, lane, range) }
            return 1
        }
        metrics.drained.increment(by: batch.count)
        await drop(batch, lane, range, inLog: true)
        let average = max(1, batch.storedSize / Int64(max(1, batch.count)))
        let fitting = Int(Self.batchSize / average)
        return max(1, min(fitting, range.count * 2, Self.batchCounts.upperBound))
    }

    private func read(_ lane: Int, _ range: Range<Int64>) async throws -> RecordBatch {
        let places = range.map { LogOffset(partition: Int32(lane), offset: $0) }
        let batch = try await store.records(at: places, in: .userEvents)
        if batch.count < range.count {
            logger.critical(
                "records are missing in the spill",
                metadata: ["missing": "\(range.count - batch.count)", "lane": "\(lane)", "from": "\(range.lowerBound)"])
        }
        return batch
    }

    /// A single record that the log refuses for good must not hold up its lane, nor be lost.
    private func setAside(_ record: RecordBatch, _ lane: Int, _ range: Range<Int64>) async throws {
        _ = try await store.produce(record.selecting(record.records.indices) { _ in 0 }, to: Self.refused)
        metrics.refused.increment(by: record.count)
        logger.error("the log refuses a spilled record, it is set aside", metadata: ["lane": "\(lane)"])
        await drop(record, lane, range, inLog: false)
    }

    private func drop(_ batch: RecordBatch, _ lane: Int, _ range: Range<Int64>, inLog: Bool) async {
        let newest = batch.records.last?.timestamp ?? 0
        let isBack = change([lane]) {
            $0.drained(lane, to: range.upperBound, size: batch.storedSize, newest: newest, inLog: inLog)
        }
        if isBack { logger.notice("the log takes events again") }
        await trim(lane, below: range.upperBound)
    }

    /// Drops what is in the log. Where that fails it is tried again later, and the lane goes on.
    @discardableResult
    func trim(_ lane: Int, below offset: Int64) async -> Bool {
        do {
            try await store.trim(.userEvents, Int32(lane), below: offset)
            change([lane]) { $0.trimmed(lane, below: offset) }
            return true
        } catch {
            logger.warning("drained records stay in the spill for now", metadata: ["error": "\(error)"])
            return false
        }
    }
}

/// Waits for work that cannot be cancelled, but not longer than until this task is: the work goes on alone then.
func unlessCancelled<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let (results, source) = AsyncThrowingStream.makeStream(of: Value.self)
    // Ends with the log at the latest: closing it answers all who wait.
    Task {
        do { source.yield(try await work()) } catch { source.finish(throwing: error) }
    }
    for try await value in results { return value }
    throw CancellationError()
}

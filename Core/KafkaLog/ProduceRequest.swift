import CRDKafka
import Stores
import Synchronization

/// One call of `produce`: its records' places, a count of those still under way, and who waits for them.
///
/// librdkafka carries the address of a record's slot and gives it back with the delivery report. The request
/// keeps itself alive until the last one, however early its caller was answered.
final class ProduceRequest: @unchecked Sendable {
    // The slots are written by the poll thread only, each once, and read after the atomic count reached zero.

    /// Where librdkafka's report of one record goes.
    struct Slot {
        fileprivate let request: Unmanaged<ProduceRequest>
        fileprivate var place: LogOffset
    }

    private let slots: UnsafeMutableBufferPointer<Slot>
    /// The records without a report, and one for the enqueuing itself.
    private let pending: Atomic<Int>
    private let waiting: Mutex<CheckedContinuation<[LogOffset], any Error>?>

    /// Begins with `count` records under way, none of them enqueued yet.
    init(count: Int, _ continuation: CheckedContinuation<[LogOffset], any Error>) {
        slots = .allocate(capacity: count)
        pending = Atomic(count + 1)
        waiting = Mutex(continuation)
        let slot = Slot(request: Unmanaged.passUnretained(self), place: LogOffset(partition: -1, offset: -1))
        slots.initialize(repeating: slot)
        _ = Unmanaged.passRetained(self)  // balanced when the count reaches zero
    }

    deinit { slots.deallocate() }

    /// What librdkafka carries for the record at `index`.
    func opaque(at index: Int) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(slots.baseAddress! + index) }

    /// All records from `count` on were not enqueued; `failure` says why, if any.
    func finishEnqueuing(at count: Int, _ failure: EventLogError?) {
        if let failure { fail(failure) }
        settle(slots.count - count + 1)
    }

    /// Takes a delivery report.
    static func report(_ message: rd_kafka_message_t) {
        let slot = message._private.assumingMemoryBound(to: Slot.self)
        let request = slot.pointee.request.takeUnretainedValue()
        if message.err == RD_KAFKA_RESP_ERR_NO_ERROR {
            slot.pointee.place = LogOffset(partition: message.partition, offset: message.offset)
        } else {
            request.fail(EventLogError(message.err, "a record was not acknowledged"))
        }
        request.settle(1)
    }

    /// Answers the caller at once: one record failed, so all of them are to be repeated.
    private func fail(_ error: EventLogError) { takeWaiting()?.resume(throwing: error) }

    private func settle(_ count: Int) {
        guard pending.subtract(count, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        takeWaiting()?.resume(returning: slots.map(\.place))
        Unmanaged.passUnretained(self).release()
    }

    private func takeWaiting() -> CheckedContinuation<[LogOffset], any Error>? {
        waiting.withLock { exchange(&$0, nil) }
    }
}

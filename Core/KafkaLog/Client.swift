import CRDKafka
import Foundation
import Stores
import Synchronization

/// The one owner of a `rd_kafka_t`.
///
/// Destroying waits for librdkafka's threads and, with 2.0.2's defects, may wait for ever: it is done on a thread
/// of its own, for which `destroy` waits a limited time and `deinit` not at all.
final class Client: @unchecked Sendable {  // librdkafka's functions may be called from any thread
    let pointer: OpaquePointer
    private let sink: LogSink
    private let isDestroyed = Atomic(false)

    init(_ kind: rd_kafka_type_t, _ properties: Properties, _ sink: LogSink) throws {
        properties.setLog(sink)
        pointer = try properties.makeClient(kind)
        self.sink = sink
    }

    deinit { destroy(within: .zero) }

    /// Lets go of everything. The caller no longer uses `pointer`, nor queues or topics made from it.
    func destroy(within limit: Duration) {
        guard !isDestroyed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let done = DispatchSemaphore(value: 0)
        let (address, sink) = (Int(bitPattern: pointer), self.sink)
        Thread {
            rd_kafka_destroy_flags(OpaquePointer(bitPattern: address), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
            withExtendedLifetime(sink) {}
            done.signal()
        }.start()
        if limit > .zero { _ = done.wait(timeout: .now() + .milliseconds(Int(limit.milliseconds))) }
    }
}

/// The one owner of a client's queue of events, and of the client, which goes after it.
final class EventQueue: @unchecked Sendable {  // librdkafka's functions may be called from any thread
    let client: Client
    let pointer: OpaquePointer
    private let isDestroyed = Atomic(false)

    /// Takes over a queue of the client's.
    init(_ client: Client, _ pointer: OpaquePointer) { (self.client, self.pointer) = (client, pointer) }

    deinit { destroy(within: .zero) }

    /// Lets go of the queue and of the client, for which it waits at most so long.
    func destroy(within limit: Duration) {
        guard !isDestroyed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        rd_kafka_queue_destroy(pointer)
        client.destroy(within: limit)
    }
}

/// Puts a new value in place and gives the old one.
func exchange<Value>(_ place: inout Value, _ new: Value) -> Value {
    let old = place
    place = new
    return old
}

/// Throws what librdkafka's code means, unless it means success.
func check(_ code: rd_kafka_resp_err_t, _ action: @autoclosure () -> String) throws(EventLogError) {
    if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw EventLogError(code, action()) }
}

import CRDKafka
import Stores

/// The one owner of a `rd_kafka_conf_t`, until a client takes it over.
final class Properties {
    /// Why librdkafka did not take a property.
    enum Refusal: Error {
        case unknown
        case invalid(String)
    }

    private var pointer: OpaquePointer?

    init() { pointer = rd_kafka_conf_new() }

    deinit { if let pointer { rd_kafka_conf_destroy(pointer) } }

    /// Sets one property.
    func set(_ name: String, _ value: String) throws(Refusal) {
        var reason = [CChar](repeating: 0, count: 512)
        switch rd_kafka_conf_set(pointer, name, value, &reason, reason.count) {
        case RD_KAFKA_CONF_OK: return
        case RD_KAFKA_CONF_UNKNOWN: throw .unknown
        default: throw .invalid(text(reason))
        }
    }

    /// Asks for events of these kinds instead of callbacks.
    func enableEvents(_ kinds: Int32) { rd_kafka_conf_set_events(pointer, kinds) }

    /// Sends librdkafka's log to `sink`, which must outlive the client.
    func setLog(_ sink: LogSink) {
        rd_kafka_conf_set_opaque(pointer, Unmanaged.passUnretained(sink).toOpaque())
        rd_kafka_conf_set_log_cb(pointer) { client, level, facility, message in
            guard let client, let opaque = rd_kafka_opaque(client) else { return }
            Unmanaged<LogSink>.fromOpaque(opaque).takeUnretainedValue().write(level, facility, message)
        }
    }

    /// Makes a client, which takes the properties over.
    func makeClient(_ kind: rd_kafka_type_t) throws -> OpaquePointer {
        var reason = [CChar](repeating: 0, count: 512)
        guard let client = rd_kafka_new(kind, pointer, &reason, reason.count) else {
            throw EventLogError(.invalidConfiguration, "librdkafka made no client", cause: text(reason))
        }
        pointer = nil
        return client
    }
}

/// The text in a C buffer.
private func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

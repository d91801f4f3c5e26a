import CRDKafka
import Stores

/// The one owner of a `rd_kafka_topic_partition_list_t`.
struct PartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    /// Lists partitions, without offsets.
    init(_ topic: Topic, _ partitions: some Collection<Int32>) {
        pointer = rd_kafka_topic_partition_list_new(Int32(partitions.count))
        for partition in partitions {
            rd_kafka_topic_partition_list_add(pointer, topic.rawValue, partition)
        }
    }

    /// Lists partitions with an offset each.
    init(_ topic: Topic, _ offsets: [Int32: Int64]) {
        self.init(topic, offsets.keys.sorted())
        for index in 0..<Int(pointer.pointee.cnt) {
            pointer.pointee.elems[index].offset = offsets[pointer.pointee.elems[index].partition] ?? 0
        }
    }

    deinit { rd_kafka_topic_partition_list_destroy(pointer) }

    /// The list's entries. They own nothing.
    var elements: [rd_kafka_topic_partition_t] { Self.elements(pointer) }

    /// The entries of a list that somebody else owns.
    static func elements(
        _ list: UnsafePointer<rd_kafka_topic_partition_list_t>?
    ) -> [rd_kafka_topic_partition_t] {
        guard let list else { return [] }
        return Array(UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt)))
    }

    /// Throws the first partition's error, if there is any.
    func check(_ action: String) throws(EventLogError) {
        for element in elements where element.err != RD_KAFKA_RESP_ERR_NO_ERROR {
            throw EventLogError(element.err, "\(action), partition \(element.partition)")
        }
    }
}

import Stores

/// The records of one partition within a batch, in order of offset.
struct RecordSlice: Sendable {
    /// The batch that holds the bytes.
    let batch: RecordBatch
    /// The partition that all of them come from.
    let partition: Int32
    /// The records' places in the batch.
    private(set) var indices: [Int]

    /// Cuts a batch by partition.
    static func slices(of batch: RecordBatch) -> [RecordSlice] {
        var places: [Int32: [Int]] = [:]
        for index in batch.records.indices { places[batch.records[index].partition, default: []].append(index) }
        return places.keys.sorted().map { RecordSlice(batch: batch, partition: $0, indices: places[$0]!) }
    }

    var isEmpty: Bool { indices.isEmpty }

    /// The offset of a record of the batch.
    func offset(at index: Int) -> Int64 { batch.records[index].offset }

    /// Without the records below an offset: those have been accounted for.
    func dropping(below next: Int64) -> RecordSlice {
        var rest = self
        rest.indices.removeAll { offset(at: $0) < next }
        return rest
    }
}

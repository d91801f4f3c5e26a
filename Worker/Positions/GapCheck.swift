import Stores

/// Makes sure that offsets which a fetch passed over hold no record: nothing is skipped silently.
///
/// A log may have such holes (transaction markers). But a hole can also be a fetch that went astray, as librdkafka's
/// has after a seek or resume (confluentinc/librdkafka issues 4208 and 4636): then the records must be fetched again.
struct GapCheck: Sendable {
    let log: any EventLog

    /// Whether every hole in a slice, counted from `next`, is empty in the log.
    func holesAreEmpty(in slice: RecordSlice, from next: Int64) async throws -> Bool {
        let holes = Self.holes(in: slice, from: next)
        guard !holes.isEmpty else { return true }
        let places = holes.map { LogOffset(partition: slice.partition, offset: $0) }
        return try await log.records(at: places, in: .userEvents).isEmpty
    }

    /// The first offset of every hole. A fetch that goes astray misses the first record of one.
    static func holes(in slice: RecordSlice, from next: Int64) -> [Int64] {
        var (holes, expected) = ([Int64](), next)
        for index in slice.indices {
            let offset = slice.offset(at: index)
            if offset > expected { holes.append(expected) }
            expected = offset + 1
        }
        return holes
    }
}

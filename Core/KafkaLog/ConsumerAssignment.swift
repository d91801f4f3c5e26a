/// What a consumer fetches, and whether its positions can be trusted. Pure: no I/O.
struct ConsumerAssignment {
    /// The partitions fetched.
    private(set) var partitions: Set<Int32> = []
    /// Those of them that are paused.
    private(set) var paused: Set<Int32> = []
    /// Whether the log was unreachable as a whole since `assign`: it may be another one now.
    private(set) var isSuspect = false

    /// Fetching starts anew.
    mutating func assign(_ new: some Sequence<Int32>) {
        self = ConsumerAssignment()
        partitions = Set(new)
    }

    /// All brokers were lost.
    mutating func suspect() { isSuspect = !partitions.isEmpty }

    /// The log answers again.
    /// - Returns: the partitions whose positions are to be compared.
    mutating func trust() -> [Int32] {
        isSuspect = false
        return partitions.sorted()
    }

    /// Those of `wanted` that are to be paused now.
    mutating func pause(_ wanted: [Int32]) -> Set<Int32> {
        let new = partitions.intersection(wanted).subtracting(paused)
        paused.formUnion(new)
        return new
    }

    /// Those of `wanted` that are to go on now. librdkafka 2.0.2 rewinds a partition that is resumed unpaused.
    mutating func resume(_ wanted: [Int32]) -> Set<Int32> {
        let again = paused.intersection(wanted)
        paused.subtract(again)
        return again
    }
}

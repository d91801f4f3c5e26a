/// What a consumer fetches, and whether its positions can be trusted. Pure: no I/O.
struct ConsumerAssignment {
    /// The partitions fetched.
    private(set) var partitions: Set<Int32> = []
    /// Those of them that are paused.
    private(set) var paused: Set<Int32> = []
    /// Whether the log may be another one than at the time of `assign`.
    private(set) var isSuspect = false
    /// Whether no more than a connection was lost: the same cluster is then the same log.
    private(set) var isOnlyDisconnected = false

    /// Fetching starts anew.
    mutating func assign(_ new: some Sequence<Int32>) {
        self = ConsumerAssignment()
        partitions = Set(new)
    }

    /// All brokers were lost.
    mutating func suspect() {
        isSuspect = !partitions.isEmpty
        isOnlyDisconnected = false
    }

    /// A connection was lost.
    mutating func disconnect() {
        guard !isSuspect, !partitions.isEmpty else { return }
        (isSuspect, isOnlyDisconnected) = (true, true)
    }

    /// The log answers again.
    /// - Returns: the partitions whose positions are to be compared.
    mutating func trust() -> [Int32] {
        (isSuspect, isOnlyDisconnected) = (false, false)
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

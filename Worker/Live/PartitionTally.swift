import Stores

/// What happens in one partition: the second under way, and visitors. Pure.
struct PartitionTally {
    /// A source's events of the second under way.
    private struct Share {
        var events: [String: Int] = [:]
        var latency = LatencyHistogram()
        /// From when on nobody is left out: those for whom there was no room have left the window by then.
        var exactFrom: Int64 = 0
    }

    private let startedAt: Int64
    private var sources: [String: Int] = [:]
    private var names: [String] = []
    private var shares: [Share] = []
    private(set) var visitors: SlidingVisitors

    /// Begins a tally.
    /// - Parameter now: milliseconds since 1970.
    init(now: Int64) {
        startedAt = now
        visitors = SlidingVisitors(now: now / 1_000)
    }

    /// Counts an event that was stored now.
    mutating func count(_ event: RawEvent, now: Int64, hasRoom: Bool) {
        let place = place(of: event.source)
        let type =
            shares[place].events.count < LiveSummary.maximumEventTypes || shares[place].events[event.eventType] != nil
            ? event.eventType : LiveSummary.other
        shares[place].events[type, default: 0] += 1
        shares[place].latency.count(now - event.receivedAt)
        let hash = Self.hash(event)
        if !visitors.see(hash, of: place, at: event.receivedAt / 1_000, hasRoom: hasRoom) {
            shares[place].exactFrom = now + LiveSummary.visitorWindow
        }
    }

    /// Ends a second.
    /// - Parameter second: the one that ends; milliseconds since 1970, whole seconds.
    mutating func close(_ second: Int64, of partition: PartitionEpoch) -> LiveSummary {
        // Of this second, should seconds have been passed over; then on to the next one.
        visitors.advance(to: second / 1_000 + 1)
        defer { visitors.advance(to: second / 1_000 + 2) }
        var sources: [String: LiveSummary.Source] = [:]
        for (place, name) in names.enumerated() {
            let share = shares[place]
            let source = LiveSummary.Source(
                events: share.events, visitors: visitors.visitors(of: place),
                areVisitorsExact: second + 1_000 >= share.exactFrom, latency: share.latency)
            shares[place] = Share(exactFrom: share.exactFrom)
            if !source.events.isEmpty || source.visitors > 0 { sources[name] = source }
        }
        return LiveSummary(
            at: second, epoch: partition.epoch, partition: partition.partition,
            visitorsSince: max(startedAt, second + 1_000 - LiveSummary.visitorWindow), sources: sources)
    }

    /// Forgets visitors who have left the window.
    mutating func sweep() { visitors.sweep() }

    private mutating func place(of source: String) -> Int {
        if let known = sources[source] { return known }
        // Visitors stay where they were counted first, so a source keeps its place.
        let name = sources.count < LiveSummary.maximumSources ? source : LiveSummary.other
        if name == LiveSummary.other, let other = sources[name] { return other }
        sources[name] = names.count
        names.append(name)
        shares.append(Share())
        return names.count - 1
    }

    /// Of this process only: SipHash with a key of its own. No source has a zero byte.
    private static func hash(_ event: RawEvent) -> UInt64 {
        var hasher = Hasher()
        add(event.source, to: &hasher)
        hasher.combine(UInt8(0))
        add(event.userID, to: &hasher)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// Byte by byte: texts that only look the same are different users.
    private static func add(_ text: String, to hasher: inout Hasher) {
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable {
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
        if isDone == nil { for byte in text.utf8 { hasher.combine(byte) } }
    }
}

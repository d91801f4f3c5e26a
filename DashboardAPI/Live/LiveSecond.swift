import Stores

/// A second of all partitions: what the live view shows of it. Bounded, whatever the summaries hold.
struct LiveSecond: Sendable {
    /// Sources told apart, at most; the rest share `LiveSummary.other`.
    static let maximumSources = LiveSummary.maximumSources
    /// Numbers of event types that are kept, at most, over all sources; the rest share `LiveSummary.other`.
    static let maximumTypes = 400

    /// Milliseconds since 1970.
    let at: Int64
    private(set) var sources: [String: LiveSummary.Source] = [:]
    /// Whether the visitors are known for the whole of the window.
    private(set) var isExact = true
    private var types = 0

    init(at: Int64) { self.at = at }

    /// Adds the events of one partition's second.
    mutating func addEvents(_ share: LiveSummary.Source, of source: String) {
        let name = known(source)
        for (type, count) in share.events {
            let isKnown = sources[name]?.events[type] != nil
            let key = isKnown || types < Self.maximumTypes ? type : LiveSummary.other
            if sources[name]?.events[key] == nil { types += 1 }
            sources[name, default: .init()].events[key, default: 0] += count
        }
        sources[name, default: .init()].latency += share.latency
    }

    /// Adds the visitors that a partition has had in the window: users are disjoint between partitions.
    mutating func addVisitors(_ count: Int, isExact: Bool, of source: String) {
        sources[known(source), default: .init()].visitors += count
        self.isExact = self.isExact && isExact
    }

    /// Visitors are told anew.
    mutating func forgetVisitors() {
        isExact = true
        for name in sources.keys { sources[name]?.visitors = 0 }
    }

    private func known(_ source: String) -> String {
        sources[source] != nil || sources.count < Self.maximumSources ? source : LiveSummary.other
    }
}

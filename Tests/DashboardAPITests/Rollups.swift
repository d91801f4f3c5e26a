import Bitmaps
import Events
import Stores

@testable import DashboardAPI
@testable import StoreModels

/// Visits, by source, date and user, as rollups that a store holds.
struct Visit {
    var source = "web"
    var date: String
    var user: UInt32
    var events: Int64 = 1
}

extension QueryParameters {
    /// Reads a query written as in an address, without escapes.
    init(text: String, allowed: Set<String>) throws {
        try self.init(
            text.split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (key: String(parts[0]), value: String(parts[1]))
            }, allowed: allowed)
    }
}

extension RollupTables {
    /// Rollups of these visits. A day's set is cut in two where it can be, half of it base and half of it delta.
    init(_ visits: [Visit], timeZone: String = "Europe/Berlin", completeThrough: Int64? = nil, revision: Int64 = 7) {
        self.init(
            state: RollupState(timeZone: timeZone, completeThrough: completeThrough, revision: revision))
        var users: [RollupKey: Set<UInt32>] = [:]
        for visit in visits {
            let day = CivilDate(visit.date)!.dayNumber
            for (granularity, period) in [(Granularity.day, day), (.week, CivilDate.monday(of: day))] {
                let key = RollupKey(
                    source: visit.source, granularity: granularity, period: period, dimension: "all", value: "")
                counts[key, default: RollupCounts(events: 0, visitors: 0)].events += visit.events
                users[key, default: []].insert(visit.user)
                // Rows that must not be counted in.
                var other = key
                (other.dimension, other.value) = ("event_type", "click")
                counts[other] = RollupCounts(events: 1_000_000, visitors: 1_000_000)
            }
        }
        for (source, visits) in Dictionary(grouping: visits, by: \.source) {
            for (user, visits) in Dictionary(grouping: visits, by: \.user) {
                let first = visits.map { CivilDate($0.date)!.dayNumber }.min() ?? 0
                visitors[source, default: [:]][Digest128(high: 0, low: UInt64(user))] = VisitorRecord(
                    number: user, firstDay: first)
            }
        }
        for (key, users) in users {
            counts[key]?.visitors = Int64(users.count)
            let (base, delta) = (users.filter { $0 % 2 == 0 }.sorted(), users.filter { $0 % 2 == 1 }.sorted())
            sets[key] = StoredSet(
                chunks: VisitorSet(base).chunks().mapValues { $0.serialized() },
                deltas: delta.isEmpty ? [] : [VisitorSet(delta).serialized()])
        }
    }
}

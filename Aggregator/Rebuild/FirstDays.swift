import Events
import Stores

/// The visitors of a span by the day on which they were first seen: as a recount has it, and as it is on record.
///
/// A span does not tell whether somebody came before it; those who are on record as having come before are left out.
struct FirstDays {
    struct DayOfSource: Hashable {
        var source: String
        var day: PeriodNumber
    }

    private(set) var recounted: [DayOfSource: Set<Digest128>] = [:]
    private var recorded: [DayOfSource: Set<Digest128>] = [:]

    /// - Parameters:
    ///   - days: all whose events have been read.
    ///   - users: those met, by source. One who is being forgotten may be there twice.
    ///   - records: what the store knows of them.
    init(
        _ days: ClosedRange<PeriodNumber>, _ users: [String: Fold.Users],
        _ records: [String: [Digest128: VisitorRecord]]
    ) {
        for (source, users) in users {
            let met = Dictionary(zip(users.digests, users.firstDays), uniquingKeysWith: min)
            for (digest, day) in met {
                let record = records[source]?[digest]?.firstDay
                if let record, record < days.lowerBound { continue }
                recounted[DayOfSource(source: source, day: day), default: []].insert(digest)
                if let record { recorded[DayOfSource(source: source, day: record), default: []].insert(digest) }
            }
        }
    }

    /// Whether others are on record for a day than a recount gives.
    func differ(on day: DayOfSource) -> Bool { recounted[day, default: []] != recorded[day, default: []] }

    /// The days that either has.
    var days: Set<DayOfSource> { Set(recounted.keys).union(recorded.keys) }
}

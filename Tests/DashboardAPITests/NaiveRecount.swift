import Events
import Foundation
import Stores

@testable import DashboardAPI

/// What any question comes to, counted from the events alone, one by one. Shares no code with the answers: days are
/// Foundation's, and there are no sets but those of texts.
struct NaiveRecount {
    struct Visitor: Hashable {
        var source: String
        var user: ExactText
    }

    /// An event with its local day.
    struct Dated {
        var event: StoredEvent
        var day: PeriodNumber
        var visitor: Visitor { Visitor(source: event.source, user: ExactText(event.userID)) }
    }

    let events: [Dated]
    private let firstDays: [Visitor: PeriodNumber]

    init(_ events: [StoredEvent], zone: String = AnalyticsWorld.zone) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: zone)!
        self.events = events.map { event in
            let time = Date(timeIntervalSince1970: Double(event.timestamp) / 1000)
            let parts = calendar.dateComponents([.year, .month, .day], from: time)
            return Dated(
                event: event, day: CivilDate(year: parts.year!, month: parts.month!, day: parts.day!).dayNumber)
        }
        firstDays = self.events.reduce(into: [:]) { $0[$1.visitor] = min($0[$1.visitor] ?? .max, $1.day) }
    }

    /// Those of some days, and of one source if it is named.
    func events(of source: String?, in days: ClosedRange<PeriodNumber>) -> [Dated] {
        events.filter { days.contains($0.day) && (source == nil || $0.event.source == source) }
    }

    /// Who on some day met all predicates of a filter.
    func visitors(
        of source: String?, in days: ClosedRange<PeriodNumber>, _ filter: [(dimension: String, values: [String])] = []
    ) -> Set<Visitor> {
        var visitors: Set<Visitor> = []
        for (_, events) in Dictionary(grouping: events(of: source, in: days), by: \.day) {
            for (visitor, events) in Dictionary(grouping: events, by: \.visitor) {
                let met = filter.allSatisfy { predicate in events.contains { $0.event.has(predicate) } }
                if met { visitors.insert(visitor) }
            }
        }
        return visitors
    }

    /// Those of the visitors whose first day of all is one of these.
    func new(_ visitors: Set<Visitor>, in days: ClosedRange<PeriodNumber>) -> Int {
        visitors.count { days.contains(firstDays[$0]!) }
    }

    /// Who came first in the week that begins on this day.
    func cohort(_ monday: PeriodNumber, of source: String?) -> Set<Visitor> {
        visitors(of: source, in: monday...monday + 6).filter { (monday...monday + 6).contains(firstDays[$0]!) }
    }
}

extension StoredEvent {
    /// Whether it has one of the values, by their bytes.
    func has(_ predicate: (dimension: String, values: [String])) -> Bool {
        guard let value = self[predicate.dimension] else { return false }
        return predicate.values.contains { ExactText($0) == ExactText(value) }
    }
}

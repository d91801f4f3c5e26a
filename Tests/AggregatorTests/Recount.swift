import Bitmaps
import Events
import Foundation
import Stores

@testable import Aggregator
@testable import StoreModels

/// What every rollup must say, counted afresh from the events and with Foundation's calendars.
struct Recount: Equatable {
    var counts: [RollupKey: RollupCounts] = [:]
    /// Who was there.
    var visitors: [RollupKey: Set<Digest128>] = [:]
    var firstDays: [String: [Digest128: PeriodNumber]] = [:]

    /// Counts events.
    /// - Parameter recorded: the values that have rows of their own; `nil`: all.
    init(
        _ events: some Sequence<StoredEvent>, timeZone: String,
        recorded: [DimensionWeek: Set<ExactText>]? = nil
    ) {
        let calendar = FoundationPeriods(timeZone)
        // By bytes: Swift takes texts for equal that are spelt with other code points.
        var users: [RollupKey: Set<[UInt8]>] = [:]
        for event in events {
            let day = calendar.day(of: event.timestamp)
            let periods: [(Granularity, PeriodNumber)] = [
                (.interval, PeriodNumber(event.timestamp / 900_000)), (.day, day), (.week, calendar.monday(of: day)),
            ]
            for (granularity, period) in periods {
                for (dimension, value) in Self.values(of: event)
                where granularity != .interval || ["all", "event_type"].contains(dimension) {
                    let week = DimensionWeek(
                        source: event.source, dimension: dimension, week: calendar.monday(of: day))
                    let isRecorded =
                        dimension == "all" || recorded.map { $0[week]?.contains(ExactText(value)) == true } ?? true
                    let key = RollupKey(
                        source: event.source, granularity: granularity, period: period, dimension: dimension,
                        value: isRecorded ? value : "(other)")
                    counts[key, default: RollupCounts(events: 0, visitors: 0)].events += 1
                    users[key, default: []].insert(Array(event.userID.utf8))
                }
            }
            let digest = Digest128.visitor(source: event.source, userID: event.userID)
            let first = firstDays[event.source, default: [:]][digest] ?? day
            firstDays[event.source, default: [:]][digest] = min(first, day)
        }
        for (key, users) in users {
            counts[key]?.visitors = Int64(users.count)
            visitors[key] = Set(
                users.map { Digest128.visitor(source: key.source, userID: String(decoding: $0, as: UTF8.self)) })
        }
    }

    /// What an event is counted by.
    private static func values(of event: StoredEvent) -> [(dimension: String, value: String)] {
        let dimensions = event.dimensions
        let all: [(String, String?)] = [
            ("all", ""), ("event_type", event.eventType), ("path", dimensions.path),
            ("referrer", dimensions.referrer), ("country", dimensions.country), ("device", dimensions.device),
            ("browser", dimensions.browser), ("os", dimensions.os), ("bot", dimensions.bot),
            ("utm_source", dimensions.utmSource), ("utm_medium", dimensions.utmMedium),
            ("utm_campaign", dimensions.utmCampaign),
            ("metadata.plan", dimensions.metadata.first ?? nil), ("metadata.level", dimensions.metadata.last ?? nil),
        ]
        return all.compactMap { dimension, value in value.map { (dimension, $0) } }
    }

    /// Reads what a store holds.
    init(_ tables: RollupTables) throws {
        counts = tables.counts
        firstDays = tables.visitors.mapValues { $0.mapValues(\.firstDay) }
        for (key, set) in tables.sets {
            let users = Dictionary(
                uniqueKeysWithValues: (tables.visitors[key.source] ?? [:]).map { ($1.number, $0) })
            visitors[key] = Set(try set.parts().flatMap { $0.numbers.compactMap { users[$0] } })
        }
    }
}

extension StoredSet {
    /// Chunks, then deltas, decoded.
    func parts() throws -> [VisitorSet] {
        try (Array(chunks.values) + deltas).map { try VisitorSet(serialized: $0) }
    }
}

/// Days and weeks by Foundation's calendars.
struct FoundationPeriods {
    private let local: Calendar
    private let utc: Calendar
    private let weeks: Calendar

    init(_ timeZone: String) {
        func calendar(_ identifier: Calendar.Identifier, _ zone: String) -> Calendar {
            var calendar = Calendar(identifier: identifier)
            calendar.timeZone = TimeZone(identifier: zone) ?? .gmt
            return calendar
        }
        (local, utc) = (calendar(.gregorian, timeZone), calendar(.gregorian, "UTC"))
        weeks = calendar(.iso8601, "UTC")
    }

    /// The local day of a time, in days since 1970-01-01.
    func day(of time: Int64) -> PeriodNumber {
        let date = Date(timeIntervalSince1970: Double(time) / 1000)
        let midnight = utc.date(from: local.dateComponents([.year, .month, .day], from: date))
        return PeriodNumber(((midnight?.timeIntervalSince1970 ?? .nan) / 86_400).rounded())
    }

    /// The Monday of a day's ISO week.
    func monday(of day: PeriodNumber) -> PeriodNumber {
        let week = weeks.dateInterval(of: .weekOfYear, for: Date(timeIntervalSince1970: Double(day) * 86_400))
        return PeriodNumber(((week?.start.timeIntervalSince1970 ?? .nan) / 86_400).rounded())
    }
}

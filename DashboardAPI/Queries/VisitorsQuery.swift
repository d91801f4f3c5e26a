import Events
import Foundation
import HTTPTypes
import Operations
import Stores

/// What an analyst asks of `/api/analytics/visitors`.
struct VisitorsQuery: Sendable, Equatable {
    /// The length of a series' periods.
    enum Interval: String, Sendable, CaseIterable {
        case day
        case week

        var granularity: Granularity { self == .day ? .day : .week }
    }

    /// The days asked for.
    enum Days: Sendable, Equatable {
        case date(CivilDate)
        case range(from: CivilDate, to: CivilDate, Interval)
    }

    /// Days of a range, at most: ten years.
    static let maximumDays = 3660
    static let parameters: Set<String> = ["date", "from", "to", "interval", "source", "timezone"]

    var days: Days
    /// `nil`: all sources.
    var source: String?

    /// Reads a query.
    /// - Parameter timeZone: the one that days are cut in.
    /// - Throws: `Problem` naming the parameter and what is allowed.
    init(_ query: [(key: String, value: String)], timeZone: String) throws {
        var values: [String: String] = [:]
        for (key, value) in query {
            guard Self.parameters.contains(key) else {
                throw Self.problem(
                    key, "is not a parameter; allowed are \(Self.parameters.sorted().joined(separator: ", "))")
            }
            guard values.updateValue(value, forKey: key) == nil else { throw Self.problem(key, "is given twice") }
        }
        days = try Self.days(values)
        source = values["source"]
        if let source, !EventRules.isSource(source) {
            throw Self.problem("source", "must be ^[a-z0-9][a-z0-9_-]{0,63}$")
        }
        if let wanted = values["timezone"], wanted != timeZone {
            throw Self.problem("timezone", "days are cut in \(timeZone); no other can be answered here")
        }
    }

    private static func days(_ values: [String: String]) throws -> Days {
        if values["date"] != nil {
            for name in ["from", "to", "interval"] where values[name] != nil {
                throw problem(name, "cannot be given together with date")
            }
            return .date(try date("date", values))
        }
        guard values["from"] != nil || values["to"] != nil else { throw problem("date", "is required, or from and to") }
        let (from, to) = (try date("from", values), try date("to", values))
        guard from <= to else { throw problem("to", "must not be before from") }
        guard Int(to.dayNumber) - Int(from.dayNumber) < maximumDays else {
            throw problem("to", "must not be more than \(maximumDays) days after from")
        }
        guard let name = values["interval"] else { return .range(from: from, to: to, .day) }
        guard let interval = Interval(rawValue: name) else {
            throw problem("interval", "must be one of \(Interval.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return .range(from: from, to: to, interval)
    }

    private static func date(_ name: String, _ values: [String: String]) throws -> CivilDate {
        guard let text = values[name] else { throw problem(name, "is required") }
        guard let date = CivilDate(text), (1970...2100).contains(date.year) else {
            throw problem(name, "must be a date that exists, as YYYY-MM-DD, from 1970 to 2100")
        }
        return date
    }

    private static func problem(_ name: String, _ rule: String) -> Problem {
        let shown = String(name.unicodeScalars.prefix(64).filter { $0.value >= 0x20 }.map(Character.init))
        return Problem(.badRequest, code: "invalid_parameter", detail: "\(shown) \(rule)", field: shown)
    }
}

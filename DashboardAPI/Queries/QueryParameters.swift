import Events
import Foundation
import HTTPTypes
import Hummingbird
import Operations
import Stores

/// The parameters of a question, read one by one. Whatever is wrong is a `Problem` that names the parameter and says
/// what is allowed.
struct QueryParameters: Sendable {
    private var values: [String: String] = [:]

    /// Takes parameters of these names, each at most once.
    init(_ query: [(key: String, value: String)], allowed: Set<String>) throws {
        for (key, value) in query {
            guard allowed.contains(key) else {
                throw Self.problem(key, "is not a parameter; allowed are \(allowed.sorted().joined(separator: ", "))")
            }
            guard values.updateValue(value, forKey: key) == nil else { throw Self.problem(key, "is given twice") }
        }
    }

    /// Takes a request's.
    init(of request: Request, allowed: Set<String>) throws {
        try self.init(
            request.uri.queryParameters.map { (key: String($0.key), value: String($0.value)) }, allowed: allowed)
    }

    subscript(name: String) -> String? { values[name] }

    /// A day that exists; `nil` where the parameter is absent.
    func date(_ name: String) throws -> CivilDate? {
        guard let text = values[name] else { return nil }
        guard let date = CivilDate(text), (1970...2100).contains(date.year) else {
            throw Self.problem(name, "must be a date that exists, as YYYY-MM-DD, from 1970 to 2100")
        }
        return date
    }

    /// One of several words; `nil` where the parameter is absent.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, _ type: Choice.Type) throws -> Choice?
    {
        guard let text = values[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Self.problem(name, "must be one of \(words)")
        }
        return choice
    }

    /// A whole number in a range.
    func number(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = values[name] else { return fallback }
        guard text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }), let number = Int(text), range.contains(number)
        else {
            throw Self.problem(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A source; `nil`: all.
    func source() throws -> String? {
        guard let source = values["source"] else { return nil }
        guard EventRules.isSource(source) else { throw Self.problem("source", "must be ^[a-z0-9][a-z0-9_-]{0,63}$") }
        return source
    }

    /// A problem with a parameter. A name that is none of ours is repeated as far as it is harmless.
    static func problem(_ name: String, _ rule: String, code: String = "invalid_parameter") -> Problem {
        let shown = String(
            String.UnicodeScalarView(
                name.unicodeScalars.prefix(64).filter { scalar in
                    scalar.isASCII
                        && (scalar.properties.isAlphabetic || "0123456789_.-".unicodeScalars.contains(scalar))
                }))
        return Problem(.badRequest, code: code, detail: "\(shown) \(rule)", field: shown)
    }
}

// MARK: - What several questions have

extension QueryParameters {
    /// The first and the last day, by `date` or by `from` and `to`.
    func days(atMost maximum: Int) throws -> (first: CivilDate, last: CivilDate) {
        if let date = try date("date") {
            for name in ["from", "to"] where self[name] != nil {
                throw Self.problem(name, "cannot be given together with date")
            }
            return (date, date)
        }
        guard self["from"] != nil || self["to"] != nil else {
            throw Self.problem("date", "is required, or from and to")
        }
        guard let from = try date("from") else { throw Self.problem("from", "is required") }
        guard let to = try date("to") else { throw Self.problem("to", "is required") }
        guard from <= to else { throw Self.problem("to", "must not be before from") }
        guard Int(to.dayNumber) - Int(from.dayNumber) < maximum else {
            throw Self.problem("to", "must not be more than \(maximum) days after from")
        }
        return (from, to)
    }

    /// The IANA name of a time zone; `nil` where the parameter is absent.
    func timeZone() throws -> String? {
        guard let name = self["timezone"] else { return nil }
        guard Self.timeZones.contains(name) else {
            throw Self.problem("timezone", "must be the IANA name of a time zone, such as Europe/Berlin")
        }
        return name
    }

    private static let timeZones = Set(TimeZone.knownTimeZoneIdentifiers).union(["UTC"])

    /// Throws unless the time zone asked for is the rollups' own.
    func requireTimeZone(_ timeZone: String) throws {
        if let wanted = try self.timeZone(), wanted != timeZone {
            throw Self.problem("timezone", "cannot be another one here: these days are cut in \(timeZone) only")
        }
    }
}

/// The form of an answer.
enum AnswerFormat: String, Sendable, CaseIterable {
    case json
    case csv

    /// By the parameter, else by the header: CSV only where a client names it.
    init(_ parameters: QueryParameters, accept: String?) throws {
        let named = try parameters.choice("format", AnswerFormat.self)
        let wantsCSV = accept?.split(separator: ",").contains {
            $0.prefix { $0 != ";" }.drop { $0 == " " } == "text/csv"
        }
        self = named ?? (wantsCSV == true ? .csv : .json)
    }
}

import Events
import Operations

/// Whom a question is about: the visitors who on one day met all of several predicates.
///
/// Written `browser:Firefox|Safari;country:DE`: predicates with `;` between, each a dimension, `:`, and values with
/// `|` between, of which one is enough. `\` before `;`, `|` or `\` makes it a part of the value.
struct VisitorFilter: Sendable, Equatable {
    /// Had one of these values of a dimension.
    struct Predicate: Sendable, Equatable {
        var dimension: String
        /// Each once, in the order given.
        var values: [String]
    }

    /// How the filter is to be understood, as answers call it.
    static let scope = "visitor-day"
    static let maximumPredicates = 8
    /// Values of all predicates.
    static let maximumValues = 64
    /// Days, where several predicates are met day by day.
    static let maximumDays = 366

    var predicates: [Predicate]

    /// Reads a filter.
    /// - Throws: `Problem` that says what is wrong with it; it repeats no value.
    init(_ text: String) throws {
        predicates = try Self.split(text, at: ";").map { try Self.predicate($0) }
        guard predicates.count <= Self.maximumPredicates,
            predicates.reduce(0, { $0 + $1.values.count }) <= Self.maximumValues
        else {
            throw Self.problem(
                "has at most \(Self.maximumPredicates) predicates, and \(Self.maximumValues) values in all")
        }
    }

    /// The filter as it is written.
    var text: String {
        predicates.map { predicate in
            "\(predicate.dimension):\(predicate.values.map(Self.escaped).joined(separator: "|"))"
        }.joined(separator: ";")
    }

    /// The only predicate, where there is one: its events are known, too.
    var only: Predicate? { predicates.count == 1 ? predicates[0] : nil }

    private static func predicate(_ text: Substring.UnicodeScalarView) throws -> Predicate {
        guard let colon = text.firstIndex(of: ":") else {
            throw problem("must be written dimension:value, with ; between several")
        }
        let dimension = try QueryParameters.dimension(Substring(text[..<colon]), in: "filter")
        var values: [ExactText] = []
        for part in try split(String(text[text.index(after: colon)...]), at: "|") {
            let value = ExactText(unescaped(part))
            guard !value.text.isEmpty else { throw problem("has an empty value") }
            guard !value.text.utf8.contains(0) else { throw problem("has a value with a NUL") }
            if !values.contains(value) { values.append(value) }
        }
        return Predicate(dimension: dimension, values: values.map(\.text))
    }

    /// Cuts a text at a character that has no backslash before it. The parts keep their backslashes.
    private static func split(
        _ text: String, at separator: UnicodeScalar
    ) throws -> [Substring.UnicodeScalarView] {
        var parts: [Substring.UnicodeScalarView] = []
        let scalars = Substring(text).unicodeScalars
        var (start, place) = (scalars.startIndex, scalars.startIndex)
        while place < scalars.endIndex {
            if scalars[place] == "\\" {
                place = scalars.index(after: place)
                guard place < scalars.endIndex, [";", "|", "\\"].contains(scalars[place]) else {
                    throw problem(#"has a \ that is not before ; or | or \"#)
                }
            } else if scalars[place] == separator {
                parts.append(scalars[start..<place])
                start = scalars.index(after: place)
            }
            place = scalars.index(after: place)
        }
        return parts + [scalars[start...]]
    }

    private static func unescaped(_ text: Substring.UnicodeScalarView) -> String {
        var plain = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in text {
            isEscaped = scalar == "\\" && !isEscaped
            if !isEscaped { plain.append(scalar) }
        }
        return String(plain)
    }

    private static func escaped(_ value: String) -> String {
        var written = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            if [";", "|", "\\"].contains(scalar) { written.append("\\") }
            written.append(scalar)
        }
        return String(written)
    }

    static func problem(_ rule: String, code: String = "invalid_parameter") -> Problem {
        QueryParameters.problem("filter", rule, code: code)
    }
}

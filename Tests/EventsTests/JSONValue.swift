/// A JSON value that can be written in many ways.
indirect enum JSONValue {
    case null
    case bool(Bool)
    /// `coefficient` × 10^`exponent`; the coefficient is 0 or no multiple of ten.
    case number(coefficient: Int, exponent: Int)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    /// A value at most so many levels deep.
    static func random(depth: Int, using random: inout SeededRandom) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(.random(using: &random))
        case 2, 3: return randomNumber(using: &random)
        case 4, 5: return .string(randomString(using: &random))
        case 6:
            return .array(
                (0..<Int.random(in: 0..<4, using: &random)).map { _ in .random(depth: depth - 1, using: &random) })
        default: return randomObject(depth: depth, using: &random)
        }
    }

    /// An object whose keys differ.
    static func randomObject(depth: Int, using random: inout SeededRandom) -> JSONValue {
        var keys: Set<String> = []
        for _ in 0..<Int.random(in: 0..<9, using: &random) { keys.insert(randomString(using: &random)) }
        return .object(
            keys.filter { !$0.hasPrefix("$") }.sorted().shuffled(using: &random)
                .map { ($0, .random(depth: depth - 1, using: &random)) })
    }

    private static func randomNumber(using random: inout SeededRandom) -> JSONValue {
        var coefficient = Int.random(in: -100_000...100_000, using: &random)
        while coefficient != 0, coefficient % 10 == 0 { coefficient /= 10 }
        return .number(
            coefficient: coefficient, exponent: coefficient == 0 ? 0 : .random(in: -12...12, using: &random))
    }

    private static func randomString(using random: inout SeededRandom) -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "b", "c", "d", "e", "Z", "0", " ", "\"", "\\", "/", "\n", "\t", "\u{1}", "\u{7F}", "ä", "€",
            "\u{FFFF}",
            "😀", "\u{10FFFF}",
        ]
        // Long common beginnings try the comparison of keys past its first eight bytes.
        var scalars = Bool.random(using: &random) ? String.UnicodeScalarView("abcdefgh".unicodeScalars) : .init()
        for _ in 0..<Int.random(in: 0..<5, using: &random) { scalars.append(alphabet.randomElement(using: &random)!) }
        return String(scalars)
    }

    /// The same kind of value with one leaf, or the emptiness of one container, changed.
    func mutated(using random: inout SeededRandom) -> JSONValue {
        switch self {
        case .null: return .bool(false)
        case .bool(let value): return .bool(!value)
        case .number(let coefficient, let exponent):
            let isNegated = coefficient != 0 && Bool.random(using: &random)
            return isNegated
                ? .number(coefficient: -coefficient, exponent: exponent)
                : .number(coefficient: coefficient % 10 == 9 ? coefficient - 1 : coefficient + 1, exponent: exponent)
                    .normalised
        case .string(let text): return .string(text + "x")
        case .array(var values):
            guard let index = values.indices.randomElement(using: &random) else { return .array([.null]) }
            values[index] = values[index].mutated(using: &random)
            return .array(values)
        case .object(var members):
            guard let index = members.indices.randomElement(using: &random) else { return .object([("new", .null)]) }
            if Bool.random(using: &random) {
                members[index].value = members[index].value.mutated(using: &random)
            } else {
                members[index].key += "\u{E000}"
            }
            return .object(members)
        }
    }

    private var normalised: JSONValue {
        guard case .number(var coefficient, var exponent) = self else { return self }
        if coefficient == 0 { exponent = 0 }
        while coefficient != 0, coefficient % 10 == 0 {
            coefficient /= 10
            exponent += 1
        }
        return .number(coefficient: coefficient, exponent: exponent)
    }
}

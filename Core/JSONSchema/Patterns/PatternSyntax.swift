/// A regular expression's structure.
indirect enum PatternSyntax {
    case empty
    case one(CharacterClass)
    /// `^`
    case begin
    /// `$`
    case end
    case sequence([PatternSyntax])
    case alternatives([PatternSyntax])
    /// At least and at most so many times; `nil` for any number.
    case repeated(PatternSyntax, Int, Int?)

    /// The places of an automaton that it comes to, counting each repetition; stops counting far above any limit.
    var size: Int {
        switch self {
        case .empty: 0
        case .one, .begin, .end: 1
        case .sequence(let parts), .alternatives(let parts): parts.reduce(0) { min($0 + $1.size, 1 << 20) }
        case .repeated(let part, let least, let most): min(part.size * max(least, most ?? 1, 1), 1 << 20)
        }
    }

    /// Whether `^` or `$` is in it.
    var hasAnchor: Bool {
        switch self {
        case .empty, .one: false
        case .begin, .end: true
        case .sequence(let parts), .alternatives(let parts): parts.contains(where: \.hasAnchor)
        case .repeated(let part, _, _): part.hasAnchor
        }
    }
}

/// Why a pattern is not taken.
struct PatternError: Error, Equatable {
    let reason: String
}

/// Reads a regular expression of ECMA-262 (with the `u` flag), as far as it can be matched in linear time.
struct PatternParser {
    /// The longest pattern, in Unicode scalars.
    static let maximumLength = 4096
    private static let maximumNesting = 32
    private static let maximumRepetition = 1000

    private let scalars: [Unicode.Scalar]
    private var index = 0

    static func parse(_ text: String) throws(PatternError) -> PatternSyntax {
        guard text.unicodeScalars.count <= maximumLength else {
            throw PatternError(reason: "may have \(maximumLength) characters")
        }
        var parser = PatternParser(scalars: Array(text.unicodeScalars))
        let syntax = try parser.readAlternatives(nesting: 0)
        guard parser.index == parser.scalars.count else { throw parser.failure("')' without '('") }
        return syntax
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private func failure(_ reason: String) -> PatternError {
        PatternError(reason: "\(reason), at character \(index + 1)")
    }

    private mutating func take(_ text: String) -> Bool {
        guard scalars[index...].starts(with: text.unicodeScalars) else { return false }
        index += text.unicodeScalars.count
        return true
    }

    private mutating func readAlternatives(nesting: Int) throws(PatternError) -> PatternSyntax {
        guard nesting <= Self.maximumNesting else { throw failure("nested deeper than \(Self.maximumNesting) groups") }
        var branches = [try readSequence(nesting: nesting)]
        while take("|") { branches.append(try readSequence(nesting: nesting)) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func readSequence(nesting: Int) throws(PatternError) -> PatternSyntax {
        var parts: [PatternSyntax] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let part = try readPart(nesting: nesting)
            parts.append(try readQuantifier(of: part))
        }
        return parts.isEmpty ? .empty : parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func readPart(nesting: Int) throws(PatternError) -> PatternSyntax {
        let scalar = scalars[index]
        switch scalar {
        case "^", "$":
            index += 1
            return scalar == "^" ? .begin : .end
        case "(":
            if scalars[index...].starts(with: "(?".unicodeScalars),
                !scalars[index...].starts(with: "(?:".unicodeScalars)
            {
                throw failure("of groups only (…) and (?:…) are supported: no look-around, no names")
            }
            index += 1
            _ = take("?:")
            let group = try readAlternatives(nesting: nesting + 1)
            guard take(")") else { throw failure("'(' without ')'") }
            return group
        case "[": return .one(try readClass())
        case ".":
            index += 1
            return .one(.any)
        case "\\": return .one(try readEscape(inClass: false))
        case "*", "+", "?": throw failure("nothing to repeat before '\(scalar)'")
        case "{", "}", "]": throw failure("'\(scalar)' must be escaped")
        default:
            index += 1
            return .one(CharacterClass(scalar))
        }
    }

    private mutating func readQuantifier(of part: PatternSyntax) throws(PatternError) -> PatternSyntax {
        let bounds: (Int, Int?)
        switch next {
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "?": bounds = (0, 1)
        case "{":
            index += 1
            return try finish(part, try readBounds())
        default: return part
        }
        index += 1
        return try finish(part, bounds)
    }

    private mutating func finish(_ part: PatternSyntax, _ bounds: (Int, Int?)) throws(PatternError) -> PatternSyntax {
        // Whether as few or as many as possible are taken makes no difference to whether there is a match.
        _ = take("?")
        if let scalar = next, "*+?{".unicodeScalars.contains(scalar) { throw failure("a repetition of a repetition") }
        if part.hasAnchor, bounds.1 != 1 { throw failure("'^' or '$' in what is repeated") }
        return .repeated(part, bounds.0, bounds.1)
    }

    private mutating func readBounds() throws(PatternError) -> (Int, Int?) {
        let least = try readCount()
        var most: Int? = least
        if take(",") { most = next == "}" ? nil : try readCount() }
        guard take("}") else { throw failure("expected '}'") }
        guard most.map({ $0 >= least }) ?? true else { throw failure("the bounds of a repetition are reversed") }
        return (least, most)
    }

    private mutating func readCount() throws(PatternError) -> Int {
        var digits = ""
        while let scalar = next, "0"..."9" ~= scalar, digits.count < 5 {
            digits.unicodeScalars.append(scalar)
            index += 1
        }
        guard let count = Int(digits), count <= Self.maximumRepetition else {
            throw failure("a repetition takes a number from 0 to \(Self.maximumRepetition)")
        }
        return count
    }
}

extension PatternParser {
    private mutating func readClass() throws(PatternError) -> CharacterClass {
        index += 1
        var set = CharacterClass()
        set.isNegated = take("^")
        while !take("]") {
            let (first, single) = try readMember()
            guard next == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
                set.formUnion(first)
                continue
            }
            index += 1
            let (_, last) = try readMember()
            guard let single, let last, single.value <= last.value else {
                throw failure("a range of characters needs two in order")
            }
            set.insert(single.value...last.value)
        }
        return set
    }

    /// One member of a class, and the scalar where it is a single one.
    private mutating func readMember() throws(PatternError) -> (CharacterClass, Unicode.Scalar?) {
        guard let scalar = next else { throw failure("'[' without ']'") }
        if scalar == "\\" {
            let start = index
            if index + 1 < scalars.count, CharacterClass.escape(scalars[index + 1]) != nil {
                return (try readEscape(inClass: true), nil)
            }
            if index + 1 < scalars.count, "pP".unicodeScalars.contains(scalars[index + 1]) {
                return (try readEscape(inClass: true), nil)
            }
            index = start + 1
            let single = try readCharacterEscape(inClass: true)
            return (CharacterClass(single), single)
        }
        index += 1
        return (CharacterClass(scalar), scalar)
    }

    private mutating func readEscape(inClass: Bool) throws(PatternError) -> CharacterClass {
        index += 1
        guard let letter = next else { throw failure("'\\' at the end") }
        if let set = CharacterClass.escape(letter) {
            index += 1
            return set
        }
        if letter == "p" || letter == "P" { return try readProperty(isNegated: letter == "P") }
        return CharacterClass(try readCharacterEscape(inClass: inClass))
    }

    private mutating func readProperty(isNegated: Bool) throws(PatternError) -> CharacterClass {
        index += 1
        guard take("{"), let end = scalars[index...].firstIndex(of: "}") else { throw failure("expected {…}") }
        var name = ""
        name.unicodeScalars.append(contentsOf: scalars[index..<end])
        guard let set = CharacterClass.property(name, isNegated: isNegated) else {
            throw failure("of properties only general categories are supported, such as L, Lu, N, P, S, Z")
        }
        index = end + 1
        return set
    }

    /// What follows a backslash, where that is a single character.
    private mutating func readCharacterEscape(inClass: Bool) throws(PatternError) -> Unicode.Scalar {
        guard let letter = next else { throw failure("'\\' at the end") }
        index += 1
        switch letter {
        case "t": return "\t"
        case "n": return "\n"
        case "r": return "\r"
        case "v": return "\u{0B}"
        case "f": return "\u{0C}"
        case "0" where !(next.map { "0"..."9" ~= $0 } ?? false): return "\0"
        case "x": return try readHex(2)
        case "u": return try readUnicode()
        case "^", "$", "\\", ".", "*", "+", "?", "(", ")", "[", "]", "{", "}", "|", "/": return letter
        case "-" where inClass: return letter
        default:
            index -= 1
            throw failure("the escape '\\\(letter)' is not supported")
        }
    }

    private mutating func readUnicode() throws(PatternError) -> Unicode.Scalar {
        if take("{") {
            guard let end = scalars[index...].firstIndex(of: "}"), 1...6 ~= end - index else {
                throw failure("expected up to six hexadecimal digits and '}'")
            }
            let scalar = try readHex(end - index)
            index = end + 1
            return scalar
        }
        let first = try readHexValue(4)
        guard first & 0xFC00 == 0xD800 else { return try scalar(first) }
        guard take("\\u") else { throw failure("half a surrogate pair") }
        let second = try readHexValue(4)
        guard second & 0xFC00 == 0xDC00 else { throw failure("half a surrogate pair") }
        return try scalar(0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF))
    }

    private mutating func readHex(_ count: Int) throws(PatternError) -> Unicode.Scalar {
        try scalar(readHexValue(count))
    }

    private func scalar(_ value: UInt32) throws(PatternError) -> Unicode.Scalar {
        guard let scalar = Unicode.Scalar(value) else { throw failure("not a Unicode character") }
        return scalar
    }

    private mutating func readHexValue(_ count: Int) throws(PatternError) -> UInt32 {
        guard scalars.count - index >= count else { throw failure("expected \(count) hexadecimal digits") }
        var value: UInt32 = 0
        for scalar in scalars[index..<index + count] {
            guard scalar.isASCII, let digit = Character(scalar).hexDigitValue else {
                throw failure("expected \(count) hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        index += count
        return value
    }
}

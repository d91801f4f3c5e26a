/// A set of Unicode scalars, as a pattern names it.
struct CharacterClass: Hashable {
    private var ranges: [ClosedRange<UInt32>] = []
    /// Unicode general categories, a bit each.
    private var categories: UInt32 = 0
    var isNegated = false

    /// No scalars.
    init() {}

    /// These scalars.
    init(_ ranges: ClosedRange<UInt32>...) { self.ranges = ranges }

    /// One scalar.
    init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

    /// Scalars of these general categories.
    init(categories: UInt32) { self.categories = categories }

    mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }

    /// Adds all of another class, which is not negated.
    mutating func formUnion(_ other: CharacterClass) {
        ranges += other.ranges
        categories |= other.categories
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let isMember =
            ranges.contains { $0.contains(scalar.value) }
            || (categories != 0 && categories & scalar.properties.generalCategory.bit != 0)
        return isMember != isNegated
    }
}

extension CharacterClass {
    /// `.`: all but the ends of lines.
    static let any: CharacterClass = {
        var ends = CharacterClass(0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029)
        ends.isNegated = true
        return ends
    }()

    /// `\d`, `\w`, `\s` and their opposites in capitals, as ECMA-262 has them; `nil` for another letter.
    static func escape(_ letter: Unicode.Scalar) -> CharacterClass? {
        switch letter {
        case "d": CharacterClass(0x30...0x39)
        case "w": CharacterClass(0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A)
        case "s": space
        case "D": opposite(CharacterClass(0x30...0x39))
        case "W": opposite(CharacterClass(0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A))
        case "S": opposite(space)
        default: nil
        }
    }

    private static let space = CharacterClass(
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF)

    /// The scalars that are not in a class of ordered ranges.
    private static func opposite(_ set: CharacterClass) -> CharacterClass {
        var (result, next) = (CharacterClass(), UInt32(0))
        for range in set.ranges {
            if next < range.lowerBound { result.insert(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        result.insert(next...0x10FFFF)
        return result
    }

    /// `\p{name}`: a general category by its short or long name; `nil` for any other property.
    static func property(_ name: String, isNegated: Bool) -> CharacterClass? {
        let name = name.hasPrefix("gc=") ? String(name.dropFirst(3)) : name
        guard let bits = categoriesByName[name] else { return nil }
        return CharacterClass(categories: isNegated ? ~bits : bits)
    }

    private static let categoriesByName: [String: UInt32] = {
        let named: [([String], [Unicode.GeneralCategory])] = [
            (["Lu", "Uppercase_Letter"], [.uppercaseLetter]), (["Ll", "Lowercase_Letter"], [.lowercaseLetter]),
            (["Lt", "Titlecase_Letter"], [.titlecaseLetter]), (["Lm", "Modifier_Letter"], [.modifierLetter]),
            (["Lo", "Other_Letter"], [.otherLetter]),
            (["L", "Letter"], [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter]),
            (["M", "Mark"], [.nonspacingMark, .spacingMark, .enclosingMark]),
            (["Nd", "Decimal_Number"], [.decimalNumber]), (["Nl", "Letter_Number"], [.letterNumber]),
            (["No", "Other_Number"], [.otherNumber]),
            (["N", "Number"], [.decimalNumber, .letterNumber, .otherNumber]),
            (
                ["P", "Punctuation"],
                [
                    .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                    .finalPunctuation, .otherPunctuation,
                ]
            ),
            (["S", "Symbol"], [.mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol]),
            (["Sc", "Currency_Symbol"], [.currencySymbol]),
            (["Z", "Separator"], [.spaceSeparator, .lineSeparator, .paragraphSeparator]),
            (["Zs", "Space_Separator"], [.spaceSeparator]), (["Cc", "Control"], [.control]),
        ]
        var result: [String: UInt32] = [:]
        for (names, categories) in named {
            for name in names { result[name] = categories.reduce(0) { $0 | $1.bit } }
        }
        return result
    }()
}

extension Unicode.GeneralCategory {
    /// One bit a category.
    fileprivate var bit: UInt32 {
        let number: UInt32 =
            switch self {
            case .uppercaseLetter: 0
            case .lowercaseLetter: 1
            case .titlecaseLetter: 2
            case .modifierLetter: 3
            case .otherLetter: 4
            case .nonspacingMark: 5
            case .spacingMark: 6
            case .enclosingMark: 7
            case .decimalNumber: 8
            case .letterNumber: 9
            case .otherNumber: 10
            case .connectorPunctuation: 11
            case .dashPunctuation: 12
            case .openPunctuation: 13
            case .closePunctuation: 14
            case .initialPunctuation: 15
            case .finalPunctuation: 16
            case .otherPunctuation: 17
            case .mathSymbol: 18
            case .currencySymbol: 19
            case .modifierSymbol: 20
            case .otherSymbol: 21
            case .spaceSeparator: 22
            case .lineSeparator: 23
            case .paragraphSeparator: 24
            case .control: 25
            case .format: 26
            case .surrogate: 27
            case .privateUse: 28
            case .unassigned: 29
            @unknown default: 30
            }
        return 1 << number
    }
}

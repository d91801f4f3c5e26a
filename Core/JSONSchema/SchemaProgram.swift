/// A schema as it is carried out: numbered nodes, each a run of rules. Rules hold numbers only; what they need more
/// of lies in tables.
final class SchemaProgram: Sendable {
    /// The schema's own text, which constants and names are places of.
    let text: [UInt8]
    let entries: [ValueTape.Entry]
    /// The rules of each node; node 0 is the whole schema.
    let nodes: [Range<Int>]
    let rules: [Rule]
    let tables: RuleTables
    /// Whether it must be kept what has been evaluated: only where a keyword asks for the rest.
    let tracksEvaluated: Bool

    init(
        text: [UInt8], entries: [ValueTape.Entry], nodes: [Range<Int>], rules: [Rule], tables: RuleTables,
        tracksEvaluated: Bool
    ) {
        (self.text, self.entries, self.nodes, self.rules) = (text, entries, nodes, rules)
        (self.tables, self.tracksEvaluated) = (tables, tracksEvaluated)
    }
}

/// What a value must be. Numbers are places in `RuleTables`, of nodes or of the schema's entries.
enum Rule {
    case never
    case types(JSONTypes)
    case constant(Int)
    case enumeration(Int)
    case minimum(Int)
    case maximum(Int)
    case exclusiveMinimum(Int)
    case exclusiveMaximum(Int)
    case multipleOf(Int)
    case minLength(Int)
    case maxLength(Int)
    case pattern(Int)
    case minItems(Int)
    case maxItems(Int)
    case uniqueItems
    case minProperties(Int)
    case maxProperties(Int)
    case required(Int)
    case dependentRequired(Int)
    case members(Int)
    case propertyNames(Int)
    case elements(Int)
    case contains(Int)
    case reference(Int)
    case allOf(Int)
    case anyOf(Int)
    case oneOf(Int)
    case not(Int)
    case conditional(Int)
    case dependentSchemas(Int)
    case unevaluatedItems(Int)
    case unevaluatedProperties(Int)
}

/// The types of JSON Schema, one bit each.
struct JSONTypes: OptionSet {
    let rawValue: UInt8

    static let object = JSONTypes(rawValue: 1)
    static let array = JSONTypes(rawValue: 2)
    static let string = JSONTypes(rawValue: 4)
    static let number = JSONTypes(rawValue: 8)
    static let boolean = JSONTypes(rawValue: 16)
    static let null = JSONTypes(rawValue: 32)
    /// Numbers without a fraction, however they are written.
    static let integer = JSONTypes(rawValue: 64)

    static let named: [(name: String, type: JSONTypes)] = [
        ("object", .object), ("array", .array), ("string", .string), ("number", .number), ("boolean", .boolean),
        ("null", .null), ("integer", .integer),
    ]
}

/// What rules refer to by number.
struct RuleTables {
    /// A text of the schema.
    struct Name {
        var hash: UInt64
        /// The string or key among the schema's entries.
        var entry: Int
    }

    /// `dependentRequired`.
    struct Dependency {
        var trigger: Name
        var required: [Name]
    }

    /// `properties`, `patternProperties` and `additionalProperties`, which look at the same members.
    struct Members {
        var names: [(name: Name, node: Int)] = []
        /// Places in `names` by hash, -1 for none; as many as the next power of two above twice the names.
        var slots: [Int] = []
        var patterns: [(pattern: Int, node: Int)] = []
        var additional: Int?
    }

    /// `prefixItems` and `items`.
    struct Elements {
        var prefix: [Int] = []
        var rest: Int?
    }

    /// `contains` with its bounds.
    struct Contains {
        var node: Int
        var least = 1
        var most: Int?
    }

    /// `if`, `then`, `else`.
    struct Conditional {
        var condition: Int
        var then: Int?
        var otherwise: Int?
    }

    var numbers: [(value: ExactNumber, entry: Int)] = []
    var divisors: [(value: Divisor, entry: Int)] = []
    var patterns: [(value: Pattern, entry: Int)] = []
    var names: [[Name]] = []
    var dependencies: [[Dependency]] = []
    var members: [Members] = []
    var elements: [Elements] = []
    var contains: [Contains] = []
    var nodeLists: [[Int]] = []
    var conditionals: [Conditional] = []
    var dependentSchemas: [[(trigger: Name, node: Int)]] = []
}

extension RuleTables.Members {
    /// Lays out `slots`.
    mutating func index() {
        var size = 4
        while size < names.count * 2 { size *= 2 }
        slots = [Int](repeating: -1, count: size)
        for (place, entry) in names.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.name.hash) & (size - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = place
        }
    }

    /// The node for a key of the instance; `nil` for a name that `properties` does not have.
    @inline(__always)
    func node(for key: Int, of tape: ValueTape, in schema: ValueTape) -> Int? {
        let hash = tape.entries[key].hash
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let (name, node) = names[slots[slot]]
            if name.hash == hash, tape.isEqualText(key, name.entry, of: schema) { return node }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }
}

public import Events

/// A JSON Schema, draft 2020-12, ready to check values: a subset, listed in `docs/schemas.md`.
///
/// Made once; checking reads the value's own bytes and builds no objects of them.
public struct JSONSchema: Sendable {
    /// The longest schema, in bytes.
    public static let maximumSize = 256 * 1024
    /// The deepest nesting of a schema.
    static let maximumDepth = 64

    /// The schema's own `$id`; `nil` without one.
    public let id: String?
    private let program: SchemaProgram

    /// Compiles a schema.
    /// - Throws: for the first thing in it that is wrong or not supported.
    public init(_ text: [UInt8]) throws(JSONSchemaError) {
        (program, id) = try SchemaCompiler.compile(text)
    }

    /// Checks the value that begins at a place of a text.
    /// - Parameter maximumDepth: the levels of containers that the value may have.
    /// - Returns: the first rule that it breaks; `nil` for a good value.
    /// - Throws: where there is no such value.
    public func violation(
        in bytes: UnsafeBufferPointer<UInt8>, from index: Int = 0, maximumDepth: Int = JSONScanner.maximumDepth
    ) throws(JSONSyntaxError) -> SchemaViolation? {
        let tape = try ValueTape(bytes, from: index, maximumDepth: maximumDepth)
        return program.text.withUnsafeBufferPointer { text in
            var evaluator = SchemaEvaluator(program, tape, schema: ValueTape(program.entries, of: text))
            let isGood = evaluator.evaluate(0, 0)
            return isGood && !evaluator.isExhausted ? nil : evaluator.violation
        }
    }
}

extension SchemaEvaluator {
    /// The failure, in words.
    fileprivate var violation: SchemaViolation {
        guard !isExhausted, let failure else {
            return SchemaViolation(pointer: "", keyword: nil, message: "takes too much work to check")
        }
        let (keyword, what) = words(program.rules[failure.rule], failure.value)
        let subject = tape.entries[failure.value].kind == .key ? "its name " : ""
        return SchemaViolation(
            pointer: tape.pointer(to: failure.value), keyword: keyword, message: "\(subject)\(what)")
    }

    private func words(_ rule: Rule, _ value: Int) -> (keyword: String, text: String) {
        switch rule {
        case .never: ("false", "is not allowed")
        case .types(let types):
            (
                "type",
                "must be \(JSONTypes.named.filter { types.contains($0.type) }.map(\.name).joined(separator: " or "))"
            )
        case .constant(let entry): ("const", "must be \(shown(entry))")
        case .enumeration(let entry): ("enum", "must be one of \(shown(entry))")
        case .minimum(let place): ("minimum", "must be at least \(shown(program.tables.numbers[place].entry))")
        case .maximum(let place): ("maximum", "must be at most \(shown(program.tables.numbers[place].entry))")
        case .exclusiveMinimum(let place):
            ("exclusiveMinimum", "must be more than \(shown(program.tables.numbers[place].entry))")
        case .exclusiveMaximum(let place):
            ("exclusiveMaximum", "must be less than \(shown(program.tables.numbers[place].entry))")
        case .multipleOf(let place):
            ("multipleOf", "must be a multiple of \(shown(program.tables.divisors[place].entry))")
        case .minLength(let count): ("minLength", "must have at least \(count) characters")
        case .maxLength(let count): ("maxLength", "must have at most \(count) characters")
        case .pattern(let place): ("pattern", "must match \(shown(program.tables.patterns[place].entry))")
        case .minItems(let count): ("minItems", "must have at least \(count) elements")
        case .maxItems(let count): ("maxItems", "must have at most \(count) elements")
        case .uniqueItems: ("uniqueItems", "must not have equal elements")
        default: containerWords(rule, value)
        }
    }

    private func containerWords(_ rule: Rule, _ value: Int) -> (keyword: String, text: String) {
        switch rule {
        case .minProperties(let count): ("minProperties", "must have at least \(count) members")
        case .maxProperties(let count): ("maxProperties", "must have at most \(count) members")
        case .required(let list):
            ("required", "must have the member \(missing(program.tables.names[list], value))")
        case .dependentRequired: ("dependentRequired", "lacks a member that another one requires")
        case .contains(let place):
            (
                "contains",
                "must contain at least \(program.tables.contains[place].least)"
                    + (program.tables.contains[place].most.map { " and at most \($0)" } ?? "") + " matching elements"
            )
        case .anyOf: ("anyOf", "must match at least one of the schemas of anyOf")
        case .oneOf: ("oneOf", "must match exactly one of the schemas of oneOf")
        case .not: ("not", "must not match the schema of not")
        default: ("schema", "does not match")
        }
    }

    private func missing(_ names: [RuleTables.Name], _ object: Int) -> String {
        let name = names.first { tape.member(of: object, named: $0.entry, hash: $0.hash, of: schema) == nil }
        return name.map { shown($0.entry) } ?? ""
    }

    /// A piece of the schema as it is written there, cut where it is long.
    private func shown(_ entry: Int) -> String {
        let isText = [.string, .key].contains(schema.entries[entry].kind)
        let text = String(decoding: schema.bytes[schema.entries[entry].range], as: UTF8.self).unicodeScalars
        let cut = text.count <= 120 ? String(text) : String(text.prefix(120)) + "…"
        return isText ? "\"\(cut)\"" : cut
    }
}

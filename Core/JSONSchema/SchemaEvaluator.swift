import Events

/// Carries out a program on one value.
///
/// Work and nesting are bounded; beyond them the value counts as refused, whatever the schema says.
struct SchemaEvaluator {
    /// Rules, members, comparisons and steps of patterns in all: some milliseconds.
    static let maximumSteps = 500_000
    /// Schemas within schemas that are under way at a time.
    static let maximumNesting = 256

    let program: SchemaProgram
    let tape: ValueTape
    let schema: ValueTape
    /// The first rule that was broken, and the value that broke it.
    private(set) var failure: (rule: Int, value: Int)?
    var steps = Self.maximumSteps
    private var nesting = 0
    /// Above 0 where a failure need not be one: it is not noted.
    private var trials = 0
    /// The children that were evaluated with success, for the schemas under way; only if the program tracks them.
    private var evaluated: [Int] = []

    init(_ program: SchemaProgram, _ tape: ValueTape, schema: ValueTape) {
        (self.program, self.tape, self.schema) = (program, tape, schema)
    }

    /// Whether the limits were passed, so that the answer is not the schema's.
    var isExhausted: Bool { steps <= 0 }

    mutating func evaluate(_ node: Int, _ value: Int) -> Bool {
        nesting += 1
        defer { nesting -= 1 }
        if nesting > Self.maximumNesting { steps = 0 }
        let start = evaluated.count
        for rule in program.nodes[node] {
            steps -= 1
            guard steps > 0 else { return false }
            if !holds(program.rules[rule], value, since: start) {
                if failure == nil, trials == 0, steps > 0 { failure = (rule, value) }
                evaluated.removeLast(evaluated.count - start)
                return false
            }
        }
        return true
    }

    /// Evaluates a member's value or an element, and keeps that it was.
    mutating func evaluateChild(_ node: Int, _ child: Int) -> Bool {
        let start = evaluated.count
        let isGood = evaluate(node, child)
        guard program.tracksEvaluated else { return isGood }
        evaluated.removeLast(evaluated.count - start)
        if isGood { evaluated.append(child) }
        return isGood
    }

    /// Whether a schema holds, where it may not: the failure is nobody's fault.
    mutating func tries(_ node: Int, _ value: Int, asChild: Bool = false) -> Bool {
        trials += 1
        defer { trials -= 1 }
        return asChild ? evaluateChild(node, value) : evaluate(node, value)
    }

    /// The children evaluated since a schema began.
    func children(since start: Int) -> Set<Int> { Set(evaluated[start...]) }

    /// Forgets what was evaluated, as `not` does.
    mutating func forget(since count: Int) { evaluated.removeLast(evaluated.count - count) }

    /// Tells for how many children there is a note.
    var evaluatedCount: Int { evaluated.count }
}

extension SchemaEvaluator {
    private mutating func holds(_ rule: Rule, _ value: Int, since start: Int) -> Bool {
        switch tape.entries[value].kind {
        case .object: if let verdict = holdsForObject(rule, value, since: start) { return verdict }
        case .array: if let verdict = holdsForArray(rule, value, since: start) { return verdict }
        case .string, .key: if let verdict = holdsForString(rule, value) { return verdict }
        case .number: if let verdict = holdsForNumber(rule, value) { return verdict }
        case .true, .false, .null: break
        }
        return holdsForAny(rule, value)
    }

    /// Keywords that are for values of any type; true for those that are not for this type.
    private mutating func holdsForAny(_ rule: Rule, _ value: Int) -> Bool {
        switch rule {
        case .never: return false
        case .types(let types): return isOf(types, value)
        case .constant(let entry): return isEqual(value, entry)
        case .enumeration(let array):
            return !schema.forEachChild(of: array) { !isEqual(value, $0) }
        case .reference(let node): return evaluate(node, value)
        case .allOf(let list): return program.tables.nodeLists[list].allSatisfy { evaluate($0, value) }
        case .anyOf(let list): return anyOf(program.tables.nodeLists[list], value)
        case .oneOf(let list): return oneOf(program.tables.nodeLists[list], value)
        case .not(let node):
            let count = evaluatedCount
            let isMet = tries(node, value)
            forget(since: count)
            return !isMet && !isExhausted
        case .conditional(let place):
            let conditional = program.tables.conditionals[place]
            let branch = tries(conditional.condition, value) ? conditional.then : conditional.otherwise
            return branch.map { evaluate($0, value) } ?? true
        default: return true
        }
    }

    private mutating func anyOf(_ nodes: [Int], _ value: Int) -> Bool {
        var isMet = false
        for node in nodes where tries(node, value) {
            isMet = true
            // What the others would have evaluated counts too.
            if !program.tracksEvaluated { break }
        }
        return isMet
    }

    private mutating func oneOf(_ nodes: [Int], _ value: Int) -> Bool {
        var count = 0
        for node in nodes where tries(node, value) {
            count += 1
            if count > 1 { break }
        }
        return count == 1
    }

    private func isOf(_ types: JSONTypes, _ value: Int) -> Bool {
        switch tape.entries[value].kind {
        case .object: types.contains(.object)
        case .array: types.contains(.array)
        case .string, .key: types.contains(.string)
        case .number: types.contains(.number) || (types.contains(.integer) && isInteger(value))
        case .true, .false: types.contains(.boolean)
        case .null: types.contains(.null)
        }
    }

    private func isInteger(_ value: Int) -> Bool {
        let text = tape.slice(tape.entries[value].range)
        return text.allSatisfy { $0 &- UInt8(ascii: "0") < 10 || $0 == UInt8(ascii: "-") }
            || ExactNumber(text).isInteger
    }

    private mutating func isEqual(_ value: Int, _ constant: Int) -> Bool {
        // As much work as the smaller of the two is long: comparing ends with the first difference.
        steps -= 1 + min(tape.entries[value].range.count, schema.entries[constant].range.count) >> 3
        return tape.isEqual(value, constant, of: schema)
    }
}

extension SchemaEvaluator {
    private mutating func holdsForNumber(_ rule: Rule, _ value: Int) -> Bool? {
        switch rule {
        case .minimum(let bound): order(value, bound) >= 0
        case .maximum(let bound): order(value, bound) <= 0
        case .exclusiveMinimum(let bound): order(value, bound) > 0
        case .exclusiveMaximum(let bound): order(value, bound) < 0
        case .multipleOf(let divisor): program.tables.divisors[divisor].value.divides(number(value))
        default: nil
        }
    }

    private mutating func order(_ value: Int, _ bound: Int) -> Int {
        number(value).order(program.tables.numbers[bound].value)
    }

    private mutating func number(_ value: Int) -> ExactNumber {
        let range = tape.entries[value].range
        steps -= range.count >> 2
        return ExactNumber(tape.slice(range))
    }

    private mutating func holdsForString(_ rule: Rule, _ value: Int) -> Bool? {
        switch rule {
        case .minLength(let count): return length(value) >= count
        case .maxLength(let count): return length(value) <= count
        case .pattern(let pattern): return matches(pattern, value)
        default: return nil
        }
    }

    /// Whether a text matches; counts the steps.
    mutating func matches(_ pattern: Int, _ text: Int) -> Bool {
        var left = steps
        let isMatch = tape.withText(text) { program.tables.patterns[pattern].value.matches($0, steps: &left) }
        steps = left
        return isMatch
    }

    /// Unicode scalars: bytes that do not continue one.
    private mutating func length(_ value: Int) -> Int {
        steps -= tape.entries[value].range.count >> 4
        return tape.withText(value) { text in
            var count = 0
            for byte in text { count &+= byte & 0xC0 == 0x80 ? 0 : 1 }
            return count
        }
    }
}

import Events

extension SchemaEvaluator {
    mutating func holdsForObject(_ rule: Rule, _ value: Int, since start: Int) -> Bool? {
        switch rule {
        case .minProperties(let count): return tape.entries[value].count >= count
        case .maxProperties(let count): return tape.entries[value].count <= count
        case .required(let list): return program.tables.names[list].allSatisfy { has($0, value) }
        case .dependentRequired(let list):
            return program.tables.dependencies[list].allSatisfy { dependency in
                !has(dependency.trigger, value) || dependency.required.allSatisfy { has($0, value) }
            }
        case .members(let place): return membersHold(program.tables.members[place], value)
        case .propertyNames(let node): return eachKey(of: value) { $0.evaluate(node, $1) }
        case .dependentSchemas(let list):
            return program.tables.dependentSchemas[list].allSatisfy { dependency in
                !has(dependency.trigger, value) || evaluate(dependency.node, value)
            }
        case .unevaluatedProperties(let node):
            let done = children(since: start)
            return eachKey(of: value) { done.contains($1 + 1) || $0.evaluateChild(node, $1 + 1) }
        default: return nil
        }
    }

    private mutating func has(_ name: RuleTables.Name, _ object: Int) -> Bool {
        steps -= 1 + Int(tape.entries[object].count) >> 2
        return tape.member(of: object, named: name.entry, hash: name.hash, of: schema) != nil
    }

    /// Calls for each key that counts, until the answer is no.
    private mutating func eachKey(of object: Int, _ body: (inout Self, Int) -> Bool) -> Bool {
        let end = Int(tape.entries[object].next)
        var key = object + 1
        while key < end {
            steps -= 1
            guard steps > 0 else { return false }
            if !tape.entries[key].isShadowed, !body(&self, key) { return false }
            key = Int(tape.entries[key + 1].next)
        }
        return true
    }

    private mutating func membersHold(_ members: RuleTables.Members, _ object: Int) -> Bool {
        eachKey(of: object) { evaluator, key in
            var isNamed = false
            if let node = members.node(for: key, of: evaluator.tape, in: evaluator.schema) {
                isNamed = true
                guard evaluator.evaluateChild(node, key + 1) else { return false }
            }
            for (pattern, node) in members.patterns where evaluator.matches(pattern, key) {
                isNamed = true
                guard evaluator.evaluateChild(node, key + 1) else { return false }
            }
            guard !isNamed, let node = members.additional else { return true }
            return evaluator.evaluateChild(node, key + 1)
        }
    }
}

extension SchemaEvaluator {
    mutating func holdsForArray(_ rule: Rule, _ value: Int, since start: Int) -> Bool? {
        switch rule {
        case .minItems(let count): return tape.entries[value].count >= count
        case .maxItems(let count): return tape.entries[value].count <= count
        case .uniqueItems:
            steps -= tape.entries[value].range.count
            return steps > 0 && tape.hasUniqueElements(value)
        case .elements(let place):
            let elements = program.tables.elements[place]
            return eachElement(of: value) { evaluator, number, element in
                let node = number < elements.prefix.count ? elements.prefix[number] : elements.rest
                return node.map { evaluator.evaluateChild($0, element) } ?? true
            }
        case .contains(let place): return containsHolds(program.tables.contains[place], value)
        case .unevaluatedItems(let node):
            let done = children(since: start)
            return eachElement(of: value) { done.contains($2) || $0.evaluateChild(node, $2) }
        default: return nil
        }
    }

    /// Calls for each element with its number, until the answer is no.
    private mutating func eachElement(of array: Int, _ body: (inout Self, Int, Int) -> Bool) -> Bool {
        let end = Int(tape.entries[array].next)
        var (element, number) = (array + 1, 0)
        while element < end {
            steps -= 1
            guard steps > 0 else { return false }
            if !body(&self, number, element) { return false }
            element = Int(tape.entries[element].next)
            number += 1
        }
        return true
    }

    private mutating func containsHolds(_ contains: RuleTables.Contains, _ array: Int) -> Bool {
        var count = 0
        _ = eachElement(of: array) { evaluator, _, element in
            if evaluator.tries(contains.node, element, asChild: true) { count += 1 }
            return true
        }
        return count >= contains.least && count <= contains.most ?? .max
    }
}

extension SchemaCompiler {
    /// Compiles one keyword, with those that are read together with it, where the schema has it.
    mutating func compileRule(_ name: String, _ keywords: [String: Int]) throws(JSONSchemaError) {
        switch name {
        case "members": return try compileMembers(keywords)
        case "elements": return try compileElements(keywords)
        case "contains": return try compileContains(keywords)
        case "if": return compileConditional(keywords)
        default: break
        }
        guard let value = keywords[name] else { return }
        switch name {
        case "type": rules.append(.types(try types(value)))
        case "const": rules.append(.constant(value))
        case "enum":
            guard tape.entries[value].kind == .array else { throw failure(value, "must be an array") }
            rules.append(.enumeration(value))
        case "minimum": rules.append(.minimum(try number(value)))
        case "maximum": rules.append(.maximum(try number(value)))
        case "exclusiveMinimum": rules.append(.exclusiveMinimum(try number(value)))
        case "exclusiveMaximum": rules.append(.exclusiveMaximum(try number(value)))
        case "multipleOf": rules.append(.multipleOf(try divisor(value)))
        case "minLength": rules.append(.minLength(try count(value)))
        case "maxLength": rules.append(.maxLength(try count(value)))
        case "minItems": rules.append(.minItems(try count(value)))
        case "maxItems": rules.append(.maxItems(try count(value)))
        case "minProperties": rules.append(.minProperties(try count(value)))
        case "maxProperties": rules.append(.maxProperties(try count(value)))
        case "uniqueItems": if try flag(value) { rules.append(.uniqueItems) }
        case "pattern":
            _ = try string(value)
            rules.append(.pattern(try pattern(value)))
        default: try compileApplicator(name, value)
        }
    }

    private mutating func compileApplicator(_ name: String, _ value: Int) throws(JSONSchemaError) {
        switch name {
        case "required":
            tables.names.append(try names(value))
            rules.append(.required(tables.names.count - 1))
        case "dependentRequired":
            var dependencies: [RuleTables.Dependency] = []
            for (key, list) in try members(value) {
                dependencies.append(.init(trigger: self.name(of: key), required: try names(list)))
            }
            tables.dependencies.append(dependencies)
            rules.append(.dependentRequired(tables.dependencies.count - 1))
        case "propertyNames": rules.append(.propertyNames(node(for: value)))
        case "$ref": try compileReference(value)
        case "allOf": rules.append(.allOf(try nodeList(value)))
        case "anyOf": rules.append(.anyOf(try nodeList(value)))
        case "oneOf": rules.append(.oneOf(try nodeList(value)))
        case "not": rules.append(.not(sameValueNode(for: value)))
        case "dependentSchemas":
            let list = try members(value).map { (trigger: self.name(of: $0), node: sameValueNode(for: $1)) }
            tables.dependentSchemas.append(list)
            rules.append(.dependentSchemas(tables.dependentSchemas.count - 1))
        case "unevaluatedItems":
            trackEvaluated()
            rules.append(.unevaluatedItems(node(for: value)))
        case "unevaluatedProperties":
            trackEvaluated()
            rules.append(.unevaluatedProperties(node(for: value)))
        default: preconditionFailure("every keyword of SchemaKeywords.rules is compiled")
        }
    }

    private mutating func compileMembers(_ keywords: [String: Int]) throws(JSONSchemaError) {
        let (properties, patterns) = (keywords["properties"], keywords["patternProperties"])
        guard properties != nil || patterns != nil || keywords["additionalProperties"] != nil else { return }
        var result = RuleTables.Members()
        for (key, schema) in try members(properties) {
            result.names.append((name(of: key), node(for: schema)))
        }
        for (key, schema) in try members(patterns) {
            result.patterns.append((try pattern(key), node(for: schema)))
        }
        result.additional = keywords["additionalProperties"].map { node(for: $0) }
        result.index()
        tables.members.append(result)
        rules.append(.members(tables.members.count - 1))
    }

    private mutating func compileElements(_ keywords: [String: Int]) throws(JSONSchemaError) {
        guard keywords["prefixItems"] != nil || keywords["items"] != nil else { return }
        var result = RuleTables.Elements()
        if let prefix = keywords["prefixItems"] { result.prefix = try schemas(prefix).map { node(for: $0) } }
        result.rest = keywords["items"].map { node(for: $0) }
        tables.elements.append(result)
        rules.append(.elements(tables.elements.count - 1))
    }

    private mutating func compileContains(_ keywords: [String: Int]) throws(JSONSchemaError) {
        guard let value = keywords["contains"] else { return }
        var result = RuleTables.Contains(node: node(for: value))
        if let least = keywords["minContains"] { result.least = try count(least) }
        result.most = try keywords["maxContains"].map(count)
        tables.contains.append(result)
        rules.append(.contains(tables.contains.count - 1))
    }

    private mutating func compileConditional(_ keywords: [String: Int]) {
        guard let condition = keywords["if"] else { return }
        let conditional = RuleTables.Conditional(
            condition: sameValueNode(for: condition), then: keywords["then"].map { sameValueNode(for: $0) },
            otherwise: keywords["else"].map { sameValueNode(for: $0) })
        tables.conditionals.append(conditional)
        rules.append(.conditional(tables.conditionals.count - 1))
    }

    private mutating func nodeList(_ value: Int) throws(JSONSchemaError) -> Int {
        tables.nodeLists.append(try schemas(value).map { sameValueNode(for: $0) })
        return tables.nodeLists.count - 1
    }
}

/// Readings of values, each with what is allowed.
extension SchemaCompiler {
    func string(_ entry: Int) throws(JSONSchemaError) -> String {
        guard tape.entries[entry].kind == .string else { throw failure(entry, "must be a string") }
        return tape.text(entry)
    }

    private func flag(_ entry: Int) throws(JSONSchemaError) -> Bool {
        switch tape.entries[entry].kind {
        case .true: return true
        case .false: return false
        default: throw failure(entry, "must be true or false")
        }
    }

    private func exact(_ entry: Int) throws(JSONSchemaError) -> ExactNumber {
        guard tape.entries[entry].kind == .number else { throw failure(entry, "must be a number") }
        return ExactNumber(tape.slice(tape.entries[entry].range))
    }

    func count(_ entry: Int) throws(JSONSchemaError) -> Int {
        guard let count = try exact(entry).count else {
            throw failure(entry, "must be a whole number from 0 to 999999999999999")
        }
        return count
    }

    private mutating func number(_ entry: Int) throws(JSONSchemaError) -> Int {
        tables.numbers.append((try exact(entry), entry))
        return tables.numbers.count - 1
    }

    private mutating func divisor(_ entry: Int) throws(JSONSchemaError) -> Int {
        guard let divisor = Divisor(try exact(entry)) else {
            throw failure(entry, "must be above 0 and have at most \(Divisor.maximumDigits) digits")
        }
        tables.divisors.append((divisor, entry))
        return tables.divisors.count - 1
    }

    /// The pattern in a string or key.
    private mutating func pattern(_ entry: Int) throws(JSONSchemaError) -> Int {
        do throws(PatternError) {
            tables.patterns.append((try Pattern(tape.text(entry)), entry))
        } catch {
            throw failure(entry, "the regular expression cannot be used: \(error.reason)")
        }
        return tables.patterns.count - 1
    }

    private func types(_ entry: Int) throws(JSONSchemaError) -> JSONTypes {
        let names = tape.entries[entry].kind == .array ? elements(of: entry) : [entry]
        var types: JSONTypes = []
        for name in names {
            let text = tape.entries[name].kind == .string ? tape.text(name) : ""
            guard let type = JSONTypes.named.first(where: { $0.name == text })?.type else {
                let allowed = JSONTypes.named.map(\.name).joined(separator: ", ")
                throw failure(name, "must be one or an array of \(allowed)")
            }
            types.insert(type)
        }
        guard !types.isEmpty else { throw failure(entry, "must have at least one type") }
        return types
    }

    func name(of entry: Int) -> RuleTables.Name { RuleTables.Name(hash: tape.hash(of: entry), entry: entry) }

    private func names(_ entry: Int) throws(JSONSchemaError) -> [RuleTables.Name] {
        guard tape.entries[entry].kind == .array else { throw failure(entry, "must be an array of strings") }
        let names = elements(of: entry)
        if let wrong = names.first(where: { tape.entries[$0].kind != .string }) {
            throw failure(wrong, "must be a string")
        }
        return names.map(name)
    }

    /// The key and value of each member of an object; none without an object.
    func members(_ entry: Int?) throws(JSONSchemaError) -> [(key: Int, value: Int)] {
        guard let entry else { return [] }
        guard tape.entries[entry].kind == .object else { throw failure(entry, "must be an object") }
        var (result, twice): ([(key: Int, value: Int)], Int?) = ([], nil)
        var key = entry + 1
        while key < Int(tape.entries[entry].next) {
            if tape.entries[key].isShadowed { twice = key }
            result.append((key, key + 1))
            key = Int(tape.entries[key + 1].next)
        }
        if let twice { throw failure(twice, "is given twice") }
        return result
    }

    private func schemas(_ entry: Int) throws(JSONSchemaError) -> [Int] {
        guard tape.entries[entry].kind == .array, tape.entries[entry].count > 0 else {
            throw failure(entry, "must be an array of at least one schema")
        }
        return elements(of: entry)
    }

    private func elements(of array: Int) -> [Int] {
        var result: [Int] = []
        _ = tape.forEachChild(of: array) { element in
            result.append(element)
            return true
        }
        return result
    }
}

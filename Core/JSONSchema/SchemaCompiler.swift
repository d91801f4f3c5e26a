import Events

/// Turns a schema's text into a program. Nothing recurses: what is found is put on a list of what is to be done.
struct SchemaCompiler {
    static let draft = "https://json-schema.org/draft/2020-12/schema"

    let tape: ValueTape
    private(set) var id: String?
    var tables = RuleTables()
    var rules: [Rule] = []
    private var nodes: [Range<Int>] = []
    /// The node of each place of the schema that has one.
    private var nodeByEntry: [Int: Int] = [:]
    private var waiting: [(node: Int, entry: Int)] = []
    private var anchors: [String: Int] = [:]
    /// References by anchor, which may stand before the anchor: the rule to be completed.
    private var openReferences: [(rule: Int, anchor: String, entry: Int)] = []
    /// For each node those that look at the same value.
    var sameValue: [Int: [Int]] = [:]
    private(set) var current = 0
    private var tracksEvaluated = false

    static func compile(_ text: [UInt8]) throws(JSONSchemaError) -> (SchemaProgram, String?) {
        guard text.count <= JSONSchema.maximumSize else {
            throw JSONSchemaError(pointer: "", reason: "a schema may have \(JSONSchema.maximumSize) bytes")
        }
        return try text.withUnsafeBufferPointer { bytes throws(JSONSchemaError) in
            var compiler = SchemaCompiler(tape: try read(bytes))
            try compiler.compileAll()
            let program = SchemaProgram(
                text: text, entries: compiler.tape.entries, nodes: compiler.nodes, rules: compiler.rules,
                tables: compiler.tables, tracksEvaluated: compiler.tracksEvaluated)
            return (program, compiler.id)
        }
    }

    private init(tape: ValueTape) { self.tape = tape }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONSchemaError) -> ValueTape {
        do throws(JSONSyntaxError) {
            let tape = try ValueTape(bytes, maximumDepth: JSONSchema.maximumDepth)
            var scanner = JSONScanner(bytes, from: tape.end)
            if tape.entries[0].kind == .string { scanner.index += 1 }
            guard scanner.peek() == nil else {
                throw JSONSyntaxError("expected the end of the text", at: scanner.index)
            }
            return tape
        } catch {
            throw JSONSchemaError(pointer: "", reason: "not valid JSON: \(error.reason) at byte \(error.offset)")
        }
    }

    private mutating func compileAll() throws(JSONSchemaError) {
        _ = node(for: 0)
        while let next = waiting.popLast() {
            current = next.node
            let start = rules.count
            try compile(next.entry)
            nodes[next.node] = start..<rules.count
        }
        for open in openReferences {
            guard let node = anchors[open.anchor] else {
                throw failure(open.entry, "there is no $anchor \"\(open.anchor)\"")
            }
            rules[open.rule] = .reference(node)
        }
        try refuseLoops()
    }

    func failure(_ entry: Int, _ reason: String) -> JSONSchemaError {
        JSONSchemaError(pointer: tape.pointer(to: entry), reason: reason)
    }
}

extension SchemaCompiler {
    /// The node for a schema's place, to be compiled later if it is new.
    mutating func node(for entry: Int) -> Int {
        if let node = nodeByEntry[entry] { return node }
        nodeByEntry[entry] = nodes.count
        waiting.append((nodes.count, entry))
        nodes.append(0..<0)
        return nodes.count - 1
    }

    /// The same for one that looks at the same value as the node being compiled.
    mutating func sameValueNode(for entry: Int) -> Int {
        let node = node(for: entry)
        sameValue[current, default: []].append(node)
        return node
    }

    private mutating func compile(_ entry: Int) throws(JSONSchemaError) {
        switch tape.entries[entry].kind {
        case .true: return
        case .false: rules.append(.never)
        case .object:
            let keywords = try keywords(of: entry)
            try compilePlaces(keywords, entry)
            for name in SchemaKeywords.rules { try compileRule(name, keywords) }
        default: throw failure(entry, "a schema must be an object, true or false")
        }
    }

    /// The values of a schema's keywords, by name.
    private func keywords(of entry: Int) throws(JSONSchemaError) -> [String: Int] {
        var (found, wrong): ([String: Int], JSONSchemaError?) = ([:], nil)
        var key = entry + 1
        while key < Int(tape.entries[entry].next), wrong == nil {
            let name = tape.text(key)
            if !SchemaKeywords.isKnown(name) {
                wrong = failure(key, "the keyword is not supported; allowed are \(SchemaKeywords.list)")
            } else if found.updateValue(key + 1, forKey: name) != nil {
                wrong = failure(key, "the keyword is given twice")
            }
            key = Int(tape.entries[key + 1].next)
        }
        if let wrong { throw wrong }
        return found
    }

    /// What names the schema or holds others, without a rule of its own.
    private mutating func compilePlaces(_ keywords: [String: Int], _ entry: Int) throws(JSONSchemaError) {
        if let value = keywords["$schema"] {
            let text = try string(value)
            guard text == Self.draft || text == Self.draft + "#" else { throw failure(value, "must be \(Self.draft)") }
        }
        if let value = keywords["$id"] {
            guard entry == 0 else { throw failure(value, "only a file's whole schema may have an $id") }
            let text = try string(value)
            guard !text.contains("#") else { throw failure(value, "must be a URI without a fragment") }
            id = text
        }
        if let value = keywords["$anchor"] {
            let name = try string(value)
            guard isAnchor(name) else {
                throw failure(value, "must begin with a letter or _ and hold A-Z a-z 0-9 _ . -")
            }
            guard anchors.updateValue(node(for: entry), forKey: name) == nil else {
                throw failure(value, "is given twice")
            }
        }
        if let value = keywords["$defs"] { for (_, schema) in try members(value) { _ = node(for: schema) } }
        // Not carried out where they stand alone, but checked.
        for name in ["contentSchema", "then", "else"] { if let value = keywords[name] { _ = node(for: value) } }
        for name in ["minContains", "maxContains"] { if let value = keywords[name] { _ = try count(value) } }
    }

    private func isAnchor(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.allSatisfy({ $0 < 0x80 }) else { return false }
        let isStart = Unicode.Scalar(first).properties.isAlphabetic || first == UInt8(ascii: "_")
        return isStart
            && name.unicodeScalars.allSatisfy {
                $0.properties.isAlphabetic || "0123456789_.-".unicodeScalars.contains($0)
            }
    }

    /// Completes a reference: `#`, `#/a/pointer`, `#anchor`, or the same after the schema's own `$id`.
    mutating func compileReference(_ value: Int) throws(JSONSchemaError) {
        var text = try string(value)
        if let id, text == id || text.hasPrefix(id + "#") { text.removeFirst(id.count) }
        guard text.isEmpty || text.hasPrefix("#") else {
            throw failure(value, "only references within the file are supported: #, #/… or #anchor")
        }
        let fragment = text.dropFirst()
        if fragment.isEmpty || fragment.hasPrefix("/") {
            let target = try resolve(String(fragment), value)
            return rules.append(.reference(sameValueNode(for: target)))
        }
        openReferences.append((rules.count, String(fragment), value))
        rules.append(.never)
    }

    private func resolve(_ pointer: String, _ value: Int) throws(JSONSchemaError) -> Int {
        var place = 0
        for token in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            guard let name = unescaped(token), let next = child(of: place, name) else {
                throw failure(value, "there is nothing at \"#\(pointer)\"")
            }
            place = next
        }
        return place
    }

    private func child(of entry: Int, _ name: String) -> Int? {
        var (found, number): (Int?, Int) = (nil, 0)
        guard [.object, .array].contains(tape.entries[entry].kind) else { return nil }
        let isObject = tape.entries[entry].kind == .object
        _ = tape.forEachChild(of: entry) { child in
            let isWanted =
                isObject ? tape.text(child).utf8.elementsEqual(name.utf8) : String(number) == name
            if isWanted { found = isObject ? child + 1 : child }
            number += 1
            return !isWanted
        }
        return found
    }

    /// A token of a JSON Pointer in a URI: percent signs first, then `~1` and `~0`.
    private func unescaped(_ token: Substring) -> String? {
        var (bytes, rest) = ([UInt8](), token.utf8[...])
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, let value = UInt8(digits, radix: 16)
            else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let parts = text.split(separator: "~1", omittingEmptySubsequences: false).map { part in
            part.split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~")
        }
        return parts.joined(separator: "/")
    }

    mutating func trackEvaluated() { tracksEvaluated = true }

    /// A schema that comes back to itself for the same value would never come to an end.
    private func refuseLoops() throws(JSONSchemaError) {
        var references = sameValue
        for open in openReferences {
            guard let node = anchors[open.anchor] else { continue }
            let owner = nodes.firstIndex { $0.contains(open.rule) } ?? 0
            references[owner, default: []].append(node)
        }
        var ends = [Bool](repeating: false, count: nodes.count)
        var onPath = ends
        for start in nodes.indices where !ends[start] {
            var path = [(node: start, next: 0)]
            onPath[start] = true
            while let (node, next) = path.last {
                let others = references[node] ?? []
                guard next < others.count else {
                    (ends[node], onPath[node]) = (true, false)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let other = others[next]
                guard !onPath[other] else {
                    let entry = nodeByEntry.first { $0.value == other }?.key ?? 0
                    throw failure(entry, "the schema refers to itself for the same value, without end")
                }
                guard !ends[other] else { continue }
                onPath[other] = true
                path.append((other, 0))
            }
        }
    }
}

import Events
import Testing

@testable import JSONSchema

/// Random schemas and values: what must hold whatever they are.
@Suite struct FuzzTests {
    /// Rewritings that mean the same, and one that means the opposite.
    @Test func equivalentSchemasAgree() throws {
        var random = SeededRandom.announced()
        var counts = [0, 0]
        for _ in 0..<1_500 {
            let text = Self.randomSchema(depth: 3, &random)
            let forms = [
                text, "{\"allOf\":[\(text),\(text)]}", "{\"anyOf\":[false,\(text)]}", "{\"oneOf\":[\(text),false]}",
                "{\"not\":{\"not\":\(text)}}", "{\"if\":\(text),\"else\":false}",
                "{\"$ref\":\"#/$defs/s\",\"$defs\":{\"s\":\(text)}}",
                "{\"anyOf\":[\(text)],\"unevaluatedProperties\":true,\"unevaluatedItems\":true}",
            ]
            let schemas = try forms.map(schema)
            let opposite = try schema("{\"not\":\(text)}")
            for _ in 0..<4 {
                let value = Self.randomValue(depth: 3, &random)
                let isGood = try violation(value, schemas[0]) == nil
                counts[isGood ? 1 : 0] += 1
                for (form, schema) in zip(forms, schemas).dropFirst() {
                    #expect(try (violation(value, schema) == nil) == isGood, "\(form) and \(text) on \(value)")
                }
                #expect(try (violation(value, opposite) == nil) != isGood, "not \(text) on \(value)")
            }
        }
        #expect(counts.allSatisfy { $0 > 300 }, "\(counts)")
    }

    /// Bytes of schemas and values changed at random: an answer or an error, in bounded time.
    @Test func anythingHasAnAnswer() throws {
        var random = SeededRandom.announced()
        var taken = 0
        for _ in 0..<3_000 {
            var text = Array(Self.randomSchema(depth: 4, &random).utf8)
            var value = Array(Self.randomValue(depth: 5, &random).utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) { Self.damage(&text, &random) }
            if Bool.random(using: &random) { Self.damage(&value, &random) }
            guard let schema = try? JSONSchema(text) else { continue }
            taken += 1
            let time = ContinuousClock().measure {
                _ = value.withUnsafeBufferPointer { try? schema.violation(in: $0) }
            }
            #expect(time < .seconds(5), "\(String(decoding: text, as: UTF8.self))")
        }
        #expect(taken > 500)
    }

    private static func damage(_ text: inout [UInt8], _ random: inout SeededRandom) {
        guard !text.isEmpty else { return }
        let index = text.indices.randomElement(using: &random)!
        switch Int.random(in: 0...2, using: &random) {
        case 0: text[index] = UInt8.random(in: 0...255, using: &random)
        case 1: text.remove(at: index)
        default: text.insert(Array("{}[]\",:01eé\\".utf8).randomElement(using: &random)!, at: index)
        }
    }

    static func randomValue(depth: Int, _ random: inout SeededRandom) -> String {
        func inner() -> String { randomValue(depth: depth - 1, &random) }
        switch Int.random(in: depth > 0 ? 0...8 : 3...8, using: &random) {
        case 0, 1:
            let members = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                "\"\(["a", "b", "ab", "\\u0061"].randomElement(using: &random)!)\": \(inner())"
            }
            return "{\(members.joined(separator: " ,"))}"
        case 2: return "[\((0..<Int.random(in: 0...3, using: &random)).map { _ in inner() }.joined(separator: ","))]"
        case 3, 4: return ["0", "1", "2", "1.0", "-3", "2.5", "1e2", "9007199254740993"].randomElement(using: &random)!
        case 5, 6: return ["\"\"", "\"a\"", "\"ab\"", "\"é\"", "\"\\u0061b\""].randomElement(using: &random)!
        default: return ["true", "false", "null"].randomElement(using: &random)!
        }
    }

    static func randomSchema(depth: Int, _ random: inout SeededRandom) -> String {
        if depth == 0 || Int.random(in: 0...9, using: &random) == 0 {
            return ["true", "false", "{}"].randomElement(using: &random)!
        }
        var keywords: [String: String] = [:]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let (name, value) = keyword(depth: depth, &random)
            keywords[name] = value
        }
        return "{" + keywords.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    private static func keyword(depth: Int, _ random: inout SeededRandom) -> (String, String) {
        func inner() -> String { randomSchema(depth: depth - 1, &random) }
        func number() -> String { ["0", "1", "2", "3"].randomElement(using: &random)! }
        let name = [
            "type", "type", "const", "enum", "minimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
            "pattern",
            "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required", "properties",
            "properties",
            "patternProperties", "additionalProperties", "propertyNames", "prefixItems", "items", "contains", "allOf",
            "anyOf",
            "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "unevaluatedProperties",
            "unevaluatedItems",
        ].randomElement(using: &random)!
        switch name {
        case "type":
            return (
                name,
                "[\"\(["string", "object", "array"].randomElement(using: &random)!)\",\"\(["integer", "number", "null", "boolean"].randomElement(using: &random)!)\"]"
            )
        case "const": return (name, randomValue(depth: 2, &random))
        case "enum": return (name, "[\(randomValue(depth: 1, &random)),\(randomValue(depth: 1, &random))]")
        case "multipleOf": return (name, ["1", "2", "0.5"].randomElement(using: &random)!)
        case "pattern": return (name, ["\"a\"", "\"^a*$\"", "\"^.$\""].randomElement(using: &random)!)
        case "uniqueItems": return (name, "true")
        case "required": return (name, ["[\"a\"]", "[\"a\",\"b\"]", "[]"].randomElement(using: &random)!)
        case "properties", "dependentSchemas": return (name, "{\"a\":\(inner()),\"b\":\(inner())}")
        case "patternProperties": return (name, "{\"^a\":\(inner()),\"b$\":\(inner())}")
        case "dependentRequired": return (name, "{\"a\":[\"b\"]}")
        case "prefixItems", "allOf", "anyOf", "oneOf": return (name, "[\(inner()),\(inner())]")
        case "additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else",
            "unevaluatedProperties", "unevaluatedItems":
            return (name, inner())
        default: return (name, number())
        }
    }
}

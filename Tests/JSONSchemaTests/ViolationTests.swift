import Testing

@testable import JSONSchema

@Suite struct ViolationTests {
    @Test(arguments: [
        ("{\"type\":\"object\"}", "[]", "", "type", "must be object"),
        ("{\"required\":[\"a\",\"b\"]}", "{\"a\":1}", "", "required", "must have the member \"b\""),
        (
            "{\"properties\":{\"a\":{\"items\":{\"minimum\":3}}}}", "{\"a\":[3,2]}", "/a/1", "minimum",
            "must be at least 3"
        ),
        ("{\"additionalProperties\":false}", "{\"a~/b\":1}", "/a~0~1b", "false", "is not allowed"),
        (
            "{\"propertyNames\":{\"maxLength\":1}}", "{\"ab\":1}", "/ab", "maxLength",
            "its name must have at most 1 char"
        ),
        ("{\"enum\":[\"a\",2]}", "1", "", "enum", "must be one of [\"a\",2]"),
        ("{\"anyOf\":[false,false]}", "1", "", "anyOf", "must match at least one"),
        ("{\"pattern\":\"^a$\"}", "\"b\"", "", "pattern", "must match \"^a$\""),
        (
            "{\"properties\":{\"a\":{\"$ref\":\"#/$defs/s\"}},\"$defs\":{\"s\":{\"type\":[\"string\",\"null\"]}}}",
            "{\"a\":1}", "/a", "type", "must be string or null"
        ),
    ]) func saysWhereAndWhat(text: String, value: String, pointer: String, keyword: String, message: String) throws {
        let violation = try #require(try violation(value, schema(text)))
        #expect(violation.pointer == pointer && violation.keyword == keyword)
        #expect(violation.message.hasPrefix(message), "\(violation.message)")
    }

    /// As everywhere in the pipeline: the last of equal keys counts, also where one is escaped.
    @Test func theLastOfEqualKeysCounts() throws {
        let text = #"{"properties":{"a":{"type":"string"}},"maxProperties":1}"#
        #expect(try isValid(#"{"a":1,"a":2,"\u0061":"x"}"#, text))
        #expect(try violation(#"{"\u0061":"x","a":1}"#, schema(text))?.pointer == "/a")
    }

    @Test func isBoundedInSize() throws {
        let long = String(repeating: "é", count: 20_000)
        let violation = try #require(
            try violation(
                "{\"\(long)\":{\"\(long)\":1}}",
                schema("{\"additionalProperties\":{\"additionalProperties\":{\"const\":\"\(long)\"}}}")))
        #expect(violation.description.utf8.count < 1_000)
        #expect(violation.pointer.hasSuffix("…"))
    }

    /// A schema that asks for exponential work: each level is tried twice.
    @Test func givesUpAfterBoundedWork() throws {
        let text =
            ##"{"anyOf":[{"properties":{"a":{"$ref":"#"}},"minProperties":1},{"properties":{"a":{"$ref":"#"}},"minProperties":1}]}"##
        let value = String(repeating: #"{"a":"#, count: 32) + "{}" + String(repeating: "}", count: 32)
        let found = try #require(try violation(value, schema(text)))
        #expect(found.keyword == nil && found.message.contains("too much work"))
    }

    /// More levels of schemas than a stack should hold, in a value that has few.
    @Test func givesUpAtBoundedNesting() throws {
        var definitions = (0..<400).map { "\"d\($0)\":{\"$ref\":\"#/$defs/d\($0 + 1)\"}" }
        definitions.append("\"d400\":true")
        let text = "{\"$ref\":\"#/$defs/d0\",\"$defs\":{\(definitions.joined(separator: ","))}}"
        #expect(try violation("1", schema(text))?.message.contains("too much work") == true)
    }

    @Test func uniquenessOfManyElementsIsQuick() throws {
        let numbers = (0..<12_000).map(String.init).joined(separator: ",")
        let unique = try schema(#"{"uniqueItems":true}"#)
        #expect(try violation("[\(numbers)]", unique) == nil)
        #expect(try violation("[\(numbers),11999.0]", unique)?.keyword == "uniqueItems")
    }
}

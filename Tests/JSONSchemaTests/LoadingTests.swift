import Testing

@testable import JSONSchema

/// A schema that cannot be carried out as it says is refused, with the place and what is allowed.
@Suite struct LoadingTests {
    @Test(arguments: [
        ("", ": not valid JSON"), ("{} x", ": not valid JSON"), ("{\"type\":}", ": not valid JSON"),
        ("7", ": a schema must be"), ("{\"type\":\"text\"}", "/type: must be one or an array of object"),
        ("{\"type\":[]}", "/type: must have at least one"),
        ("{\"typ\":\"string\"}", "/typ: the keyword is not supported"),
        ("{\"properties\":{\"a\":{\"maxlength\":1}}}", "/properties/a/maxlength: the keyword is not supported"),
        ("{\"$defs\":{\"a/b\":{\"x\":1}}}", "/$defs/a~1b/x: the keyword is not supported"),
        ("{\"minLength\":-1}", "/minLength: must be a whole number"), ("{\"minLength\":1.5}", "/minLength: must be"),
        ("{\"maxItems\":\"1\"}", "/maxItems: must be a number"), ("{\"minimum\":\"1\"}", "/minimum: must be a number"),
        ("{\"multipleOf\":0}", "/multipleOf: must be above 0"), ("{\"enum\":1}", "/enum: must be an array"),
        ("{\"required\":\"a\"}", "/required: must be an array of strings"),
        ("{\"required\":[1]}", "/required/0: must be"),
        ("{\"allOf\":[]}", "/allOf: must be an array of at least one schema"), ("{\"anyOf\":{}}", "/anyOf: must be"),
        ("{\"properties\":[]}", "/properties: must be an object"), ("{\"items\":[true]}", "/items: a schema must be"),
        ("{\"uniqueItems\":1}", "/uniqueItems: must be true or false"),
        ("{\"pattern\":1}", "/pattern: must be a string"),
        ("{\"pattern\":\"(?=a)\"}", "/pattern: the regular expression cannot be used"),
        ("{\"patternProperties\":{\"(\":true}}", "/patternProperties/(: the regular expression"),
        ("{\"$ref\":\"#/$defs/a\"}", "/$ref: there is nothing at"), ("{\"$ref\":\"#a\"}", "/$ref: there is no $anchor"),
        ("{\"$ref\":\"https://example.com/a\"}", "/$ref: only references within the file"),
        ("{\"$ref\":\"other.json\"}", "/$ref: only references within the file"),
        ("{\"$ref\":\"#\"}", ": the schema refers to itself"),
        ("{\"$ref\":\"#a\",\"$anchor\":\"a\"}", ": the schema refers to itself"),
        (
            "{\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/b\"}]},\"b\":{\"not\":{\"$ref\":\"#/$defs/a\"}}}}",
            "/$defs/"
        ),
        (
            "{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}",
            "/$schema: must be https://json-schema.org/draft"
        ),
        ("{\"properties\":{\"a\":{\"$id\":\"b\"}}}", "/properties/a/$id: only a file's whole schema"),
        ("{\"type\":\"string\",\"type\":\"string\"}", "/type: the keyword is given twice"),
        ("{\"properties\":{\"a\":true,\"a\":false}}", "/properties/a: is given twice"),
        ("{\"$anchor\":\"1\"}", "/$anchor: must begin"), ("{\"minContains\":-1}", "/minContains: must be"),
        ("{\"then\":7}", "/then: a schema must be"), ("{\"$dynamicRef\":\"#\"}", "/$dynamicRef: the keyword is not"),
    ]) func refuses(text: String, reason: String) throws {
        let found = try #require(refusal(text), "it is taken")
        #expect(found.hasPrefix(reason), "\(found)")
    }

    @Test func refusesWhatIsTooMuch() {
        let deep = String(repeating: "{\"not\":", count: 70) + "true" + String(repeating: "}", count: 70)
        #expect(refusal(deep)?.contains("nested too deep") == true)
        let long = "{\"title\":\"" + String(repeating: "x", count: JSONSchema.maximumSize) + "\"}"
        #expect(refusal(long)?.contains("bytes") == true)
    }

    /// Going down a level is what ends a recursion.
    @Test func takesRecursionThatGoesDown() throws {
        let tree = ##"{"type":"object","additionalProperties":{"$ref":"#"}}"##
        #expect(try isValid(#"{"a":{"b":{}}}"#, tree))
        #expect(try !isValid(#"{"a":{"b":[]}}"#, tree))
    }

    @Test func annotationsCheckNothing() throws {
        let text =
            #"{"title":"t","description":"d","default":1,"examples":[2],"format":"email","deprecated":true,"$comment":"c"}"#
        #expect(try isValid("[7]", text))
    }
}

/// The keywords that a schema may use. Everything else is refused: a rule that is not carried out would seem to be.
enum SchemaKeywords {
    /// In the order in which they are carried out: the cheap first, what asks for the rest last.
    static let rules = [
        "type", "const", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minLength", "maxLength", "pattern", "minItems", "maxItems", "minProperties", "maxProperties", "required",
        "dependentRequired", "members", "propertyNames", "elements", "contains", "uniqueItems", "$ref", "allOf",
        "anyOf", "oneOf", "not", "if", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties",
    ]

    /// Keywords that are read with another one, or name places to refer to.
    static let parts: Set<String> = [
        "properties", "patternProperties", "additionalProperties", "prefixItems", "items", "minContains",
        "maxContains", "then", "else", "$defs", "$anchor", "$id", "$schema",
    ]

    /// Keywords that say something and check nothing.
    static let annotations: Set<String> = [
        "title", "description", "$comment", "default", "examples", "deprecated", "readOnly", "writeOnly", "format",
        "contentEncoding", "contentMediaType", "contentSchema",
    ]

    private static let known = Set(rules).subtracting(["members", "elements"]).union(parts).union(annotations)

    static func isKnown(_ name: String) -> Bool { known.contains(name) }

    /// All that may be used, for people.
    static let list = known.sorted().joined(separator: ", ")
}

/// Why a schema cannot be used.
public struct JSONSchemaError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where in the schema, as a JSON Pointer; empty for the whole.
    public let pointer: String
    /// What is wrong and what is allowed.
    public let reason: String

    /// `at "/properties/a": …`
    public var description: String { pointer.isEmpty ? reason : "at \"\(pointer)\": \(reason)" }
}

/// What a value breaks in a schema.
public struct SchemaViolation: Error, Equatable, Sendable, CustomStringConvertible {
    /// The value at fault, as a JSON Pointer into what was checked, cut where it is very long; empty for the whole.
    public let pointer: String
    /// The keyword that it breaks; `nil` where the check was given up because it takes too much work.
    public let keyword: String?
    /// For people: what is allowed, at most some 300 characters.
    public let message: String

    /// `at "/price": must be number (type)`, at most some 600 characters.
    public var description: String {
        (pointer.isEmpty ? "" : "at \"\(pointer)\": ") + message + (keyword.map { " (\($0))" } ?? "")
    }
}

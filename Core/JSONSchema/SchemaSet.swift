import Events
import Foundation

/// The schemas of a directory, by the event type whose metadata they describe.
public struct SchemaSet: Sendable {
    /// What the name of a schema's file ends with.
    public static let suffix = ".schema.json"
    /// The most files of one directory.
    public static let maximumCount = 1000
    /// The `$id` of the schema that documents events as a whole; it may lie in the directory and is passed over.
    public static let envelopeID = "https://tributary.example/schemas/events/user-event.schema.json"

    private let schemas: [String: JSONSchema]

    /// No schemas: every metadata is good.
    public init() { schemas = [:] }

    /// Loads every `<eventType>.schema.json` of a directory.
    /// - Throws: `SchemaSetError` with everything that is wrong, at most one thing a file.
    public init(directory: String) throws(SchemaSetError) {
        var (schemas, issues): ([String: JSONSchema], [String]) = ([:], [])
        for name in try Self.files(of: directory) {
            do {
                let eventType = try Self.eventType(of: name)
                let schema = try Self.load("\(directory)/\(name)")
                if schema.id != Self.envelopeID { schemas[eventType] = schema }
            } catch {
                issues.append("\(name): \(error)")
            }
        }
        guard issues.isEmpty else { throw SchemaSetError(issues: issues) }
        self.schemas = schemas
    }

    /// How many event types have a schema.
    public var count: Int { schemas.count }
    /// Whether no event type has one.
    public var isEmpty: Bool { schemas.isEmpty }

    /// The schema of an event type; `nil` for one without.
    public subscript(eventType: String) -> JSONSchema? { schemas[eventType] }

    private static func files(of directory: String) throws(SchemaSetError) -> [String] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw SchemaSetError(issues: ["the directory \(directory) cannot be read"])
        }
        // Hidden ones are others' business: editors and Kubernetes put them there.
        let files = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
        guard files.count <= maximumCount else {
            throw SchemaSetError(issues: ["\(directory): at most \(maximumCount) schemas, there are \(files.count)"])
        }
        return files
    }

    private static func eventType(of name: String) throws(JSONSchemaError) -> String {
        let eventType = String(name.dropLast(suffix.count))
        guard name.hasSuffix(suffix), EventRules.isEventType(eventType) else {
            throw JSONSchemaError(
                pointer: "", reason: "must be named <eventType>\(suffix), with an event type such as page_view")
        }
        return eventType
    }

    private static func load(_ path: String) throws(JSONSchemaError) -> JSONSchema {
        guard let handle = FileHandle(forReadingAtPath: path),
            let text = try? handle.read(upToCount: JSONSchema.maximumSize + 1)
        else { throw JSONSchemaError(pointer: "", reason: "cannot be read") }
        return try JSONSchema(Array(text))
    }
}

/// Everything that is wrong with a directory of schemas.
public struct SchemaSetError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One line a file.
    public let issues: [String]

    /// The lines, for standard error.
    public var description: String { (["the schemas cannot be used:"] + issues).joined(separator: "\n  ") }
}

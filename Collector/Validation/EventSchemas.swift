import Events
public import JSONSchema
import Synchronization

/// The schemas in force: replaced as a whole while requests are served.
public final class EventSchemas: Sendable {
    private let current: Mutex<SchemaSet>

    /// Begins with these schemas.
    public init(_ schemas: SchemaSet = SchemaSet()) { current = Mutex(schemas) }

    /// Puts other schemas in place; requests that are being checked go on with the old ones.
    public func replace(with schemas: SchemaSet) { current.withLock { $0 = schemas } }

    /// Refuses each good event of a request whose metadata does not match the schema of its type. An event without
    /// metadata is checked as if it were `{}`.
    func check(_ request: inout EventRequest) {
        let schemas = current.withLock { $0 }
        guard !schemas.isEmpty else { return }
        for (index, item) in request.items.enumerated() where item.violation == nil {
            guard let event = item.event, let schema = schemas[event.eventType] else { continue }
            request.items[index].violation = Self.violation(of: event, in: request.bytes, schema)
        }
    }

    private static let empty = Array("{}".utf8)

    private static func violation(
        of event: ScannedEvent, in bytes: [UInt8], _ schema: JSONSchema
    ) -> EventViolation? {
        let (text, start) = event.metadata.map { (bytes, $0.lowerBound) } ?? (empty, 0)
        do throws(JSONSyntaxError) {
            let violation = try text.withUnsafeBufferPointer { text throws(JSONSyntaxError) in
                try schema.violation(in: text, from: start, maximumDepth: EventRules.maximumMetadataDepth)
            }
            return violation.map { EventViolation(.schemaViolation, field: "metadata", $0.description) }
        } catch {
            return EventViolation(.invalidJSON, field: "metadata", "\(error.reason) at byte \(error.offset)")
        }
    }
}

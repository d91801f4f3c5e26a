import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSONSchema
import Stores
import TestSupport
import Testing

@testable import Collector
@testable import StoreModels

/// The metadata of an event type that has a schema is held to it, event by event.
struct SchemaTests {
    private static let schema = """
        {"type":"object","required":["price"],"properties":{"price":{"type":"number","minimum":0}},
         "additionalProperties":false}
        """

    /// Calls with the schemas of these event types.
    private func withSchemas(
        _ texts: [String: String], _ body: (EventSchemas) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.with { directory in
            for (eventType, text) in texts {
                try Array(text.utf8).write(to: "\(directory.path)/\(eventType).schema.json")
            }
            try await body(EventSchemas(try SchemaSet(directory: directory.path)))
        }
    }

    private func event(_ eventType: String, _ metadata: String?) -> String {
        let member = metadata.map { ",\"metadata\":\($0)" } ?? ""
        return "{\"userId\":\"u1\",\"eventType\":\"\(eventType)\"\(member)}"
    }

    private func post(_ body: String, _ schemas: EventSchemas, log: EventLogModel) async throws -> TestResponse {
        let router = Router(context: CollectorContext.self)
        addCollectorRoutes(
            to: router, log: log, keys: WriteKeys([:]), durability: "kafka", schemas: schemas, now: { noon })
        return try await Application(router: router).test(.router) { client in
            try await client.execute(uri: "/v1/events", method: .post, body: ByteBuffer(string: body))
        }
    }

    @Test func onlyWhatMatchesIsAccepted() async throws {
        try await withSchemas(["purchase": Self.schema]) { schemas in
            let log = EventLogModel()
            let body = [
                event("purchase", "{\"price\":1}"), event("purchase", "{\"price\":-1}"), event("purchase", nil),
                event("purchase", "{\"price\":1,\"a/b\":2}"), event("other", "{\"price\":\"x\"}"),
            ].joined(separator: ",")
            let response = try await post("[\(body)]", schemas, log: log)
            #expect(response.status == .accepted)
            let text = String(buffer: response.body)
            #expect(text.contains("\"accepted\":2,"))
            for message in [
                #"at \"/price\": must be at least 0 (minimum)"#, #"must have the member \"price\" (required)"#,
                #"at \"/a~1b\": is not allowed (false)"#,
            ] {
                let error = #""error":{"code":"schema_violation","field":"metadata","message":"\#(message)"}"#
                #expect(text.contains(error), "\(text)")
            }
            #expect(log.records(of: .userEvents).count == 2)
        }
    }

    @Test func aRefusedEventAloneIsAProblem() async throws {
        try await withSchemas(["purchase": Self.schema]) { schemas in
            let response = try await post(event("purchase", "{\"price\":\"1\"}"), schemas, log: EventLogModel())
            #expect(response.status == .badRequest)
            let text = String(buffer: response.body)
            #expect(text.contains(#""detail":"metadata at \"/price\": must be number (type)""#), "\(text)")
        }
    }

    /// The envelope comes first: metadata that may not be stored at all is not looked at further.
    @Test func theEnvelopeComesFirst() async throws {
        try await withSchemas(["purchase": Self.schema]) { schemas in
            let response = try await post(event("purchase", "{\"$price\":\"1\"}"), schemas, log: EventLogModel())
            #expect(String(buffer: response.body).contains("forbidden_key"))
        }
    }

    @Test func otherSchemasAreInForceAtOnce() async throws {
        try await withSchemas(["purchase": Self.schema]) { schemas in
            let log = EventLogModel()
            let before = try await post(event("purchase", "{}"), schemas, log: log)
            schemas.replace(with: SchemaSet())
            let after = try await post(event("purchase", "{}"), schemas, log: log)
            #expect(before.status == .badRequest && after.status == .accepted)
        }
    }
}

extension [UInt8] {
    fileprivate func write(to path: String) throws { try Data(self).write(to: URL(filePath: path)) }
}

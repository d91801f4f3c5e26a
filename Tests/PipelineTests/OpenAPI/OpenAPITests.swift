import Foundation
import Schemas
import TestSupport
import Testing

extension PipelineTests {
    /// What the documents say of the servers is so.
    struct OpenAPITests {
        @Test("the document that is served is the one of schemas/openapi, and is OpenAPI 3.1", arguments: Self.all)
        func document(_ document: OpenAPIDocument) async throws {
            try await Serve.withServe { serve in
                let answer = try await get(serve.url(of: document) + "/openapi.json")
                #expect(answer.status == 200)
                let file = projectRoot.appending(path: "schemas/openapi/\(document.rawValue).json")
                #expect(answer.body == (try String(contentsOf: file, encoding: .utf8)))
                let check = try await runToEnd(venvProgram("python"), ["-m", "openapi_spec_validator", file.path])
                #expect(check.end == .exited(0), "\(check.output)")
                let version = try APIDescription(answer.body).document["openapi"] as? String
                #expect(version?.hasPrefix("3.1.") == true)
            }
        }

        @Test("every example of a request is answered as the document says", arguments: Self.all)
        func examples(_ document: OpenAPIDocument) async throws {
            let description = try APIDescription(String(decoding: document.bytes, as: UTF8.self))
            let requests = try description.exampleRequests()
            #expect(requests.count >= description.operations.count)
            try await Serve.withServe { serve in
                try await serve.prepare(for: document)
                for request in requests {
                    let answer = try await request.send(to: serve.url(of: document))
                    #expect((200..<300).contains(answer.status), "\(request.name): \(answer)")
                    let violations = try description.violations(of: answer, to: request.operation)
                    #expect(violations.isEmpty, "\(request.name): \(answer)")
                }
            }
        }

        @Test("every example of an answer is what its schema says", arguments: Self.all)
        func answers(_ document: OpenAPIDocument) throws {
            let description = try APIDescription(String(decoding: document.bytes, as: UTF8.self))
            let named = (description.document["components"] as? [String: Any])?["responses"] as? [String: Any]
            let all = description.operations.flatMap { operation in
                description.members(operation.node, "responses").map {
                    ("\(operation.method) \(operation.path) \($0.key)", $0.value)
                }
            }
            var count = 0
            for (name, response) in all + (named ?? [:]).map({ ($0.key, description.resolved($0.value)) }) {
                for (_, media) in description.members(response, "content") {
                    for (example, node) in description.members(media, "examples") {
                        let text = try JSONSerialization.data(
                            withJSONObject: node["value"] ?? "", options: .fragmentsAllowed)
                        let violation = try description.violation(
                            of: media["schema"] ?? [:], in: String(decoding: text, as: UTF8.self))
                        #expect(violation == nil, "\(name) \(example)")
                        count += 1
                    }
                }
            }
            #expect(count > 5)
        }

        @Test("the collector's document has the schema of events as the contract has it")
        func event() throws {
            let file = projectRoot.appending(path: "schemas/events/user-event.schema.json")
            var text = try String(contentsOf: file, encoding: .utf8)
            for (name, component) in [
                ("object", "MetadataObject"), ("value", "MetadataValue"), ("number", "MetadataNumber"),
            ] {
                text.replace("#/$defs/\(name)\"", with: "#/components/schemas/\(component)\"")
            }
            let contract = try APIDescription(text).document
            let document = try APIDescription(String(decoding: OpenAPIDocument.collector.bytes, as: UTF8.self))
            let schemas = (document.document["components"] as? [String: Any])?["schemas"] as? [String: Any] ?? [:]
            let fields = [
                "eventId": "EventId", "userId": "UserId", "eventType": "EventType", "timestamp": "Time",
                "metadata": "Metadata",
            ]
            let definitions = ["object": "MetadataObject", "value": "MetadataValue", "number": "MetadataNumber"]
            for (node, names) in [("properties", fields), ("$defs", definitions)] {
                let wanted = try #require(contract[node] as? [String: NSDictionary])
                #expect(Set(wanted.keys) == Set(names.keys))
                for (name, component) in names { #expect(wanted[name] == schemas[component] as? NSDictionary) }
            }
            let event = try #require(schemas["Event"] as? [String: Any])
            #expect(event["required"] as? [String] == contract["required"] as? [String])
            #expect(
                (event["properties"] as? [String: [String: String]])?.mapValues { $0["$ref"] }
                    == fields.mapValues { "#/components/schemas/\($0)" })
        }

        private static let all = OpenAPIDocument.allCases
    }
}

extension Serve {
    /// Where the server listens that a document describes.
    func url(of document: OpenAPIDocument) -> String {
        switch document {
        case .collector: collectorURL
        case .dashboard: dashboard.url
        }
    }

    /// Brings about what a document's examples are about.
    func prepare(for document: OpenAPIDocument) async throws {
        guard document == .dashboard else { return }
        let events = """
            [{"eventId":"1","userId":"ada","eventType":"page_view","timestamp":"2025-05-05T12:00:00Z",
              "metadata":{"url":"https://shop.example/"}},
            {"userId":"ada","eventType":"purchase","timestamp":"2025-04-28T12:00:00Z"}]
            """
        #expect(try await post("\(collectorURL)/v1/events", events).status == 202)
        try await dashboard.waitUntilComplete()
    }
}

/// The checkout.
let projectRoot = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized

/// A program of the virtual environment that `make setup` makes.
func venvProgram(_ name: String) -> String { projectRoot.appending(path: ".local/venv/bin/\(name)").path }

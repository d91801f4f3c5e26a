import Foundation
import Testing

@testable import JSONSchema

@Suite struct SchemaSetTests {
    /// Calls with a directory of these files, which is removed also when the test throws.
    private func withDirectory(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "schemas-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: directory.appending(path: name)) }
        try body(directory.path)
    }

    @Test func findsTheSchemaOfAnEventType() throws {
        let files = [
            "page_view.schema.json": "{}", "shop:cart.add.schema.json": "false", "README.md": "x", ".hidden.json": "x",
        ]
        try withDirectory(files) { directory in
            let set = try SchemaSet(directory: directory)
            #expect(set.count == 2 && set["page_view"] != nil && set["shop:cart.add"] != nil && set["click"] == nil)
        }
        #expect(try count([:]) == 0)
    }

    @Test func theEnvelopeIsNoEventType() throws {
        #expect(try count(["user-event.schema.json": "{\"$id\":\"\(SchemaSet.envelopeID)\"}"]) == 0)
        // Somebody's own event type may have that name.
        #expect(try count(["user-event.schema.json": "{}"]) == 1)
    }

    private func count(_ files: [String: String]) throws -> Int {
        var count = 0
        try withDirectory(files) { directory in count = try SchemaSet(directory: directory).count }
        return count
    }

    @Test func everythingWrongIsReportedAtOnce() throws {
        let files = [
            "Bad.schema.json": "{}", "typo.json": "{}", "a.schema.json": "{\"properties\":{\"b\":{\"typo\":1}}}",
            "b.schema.json": "{", "good.schema.json": "{}",
        ]
        try withDirectory(files) { directory in
            do {
                _ = try SchemaSet(directory: directory)
                Issue.record("a bad set is taken")
            } catch let error as SchemaSetError {
                #expect(error.issues.count == 4)
                #expect(
                    error.description.contains("a.schema.json: at \"/properties/b/typo\": the keyword is not supported")
                )
                #expect(error.description.contains("typo.json: must be named <eventType>.schema.json"))
            }
        }
        #expect(throws: SchemaSetError.self) { try SchemaSet(directory: "/nonexistent") }
    }
}

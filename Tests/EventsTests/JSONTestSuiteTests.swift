import Foundation
import Testing

@testable import Events

/// nst/JSONTestSuite, which lies beside the repository: `y_` must be accepted, `n_` refused, `i_` may be either.
@Suite struct JSONTestSuiteTests {
    private static let folder = URL(filePath: FileManager.default.currentDirectoryPath)
        .appending(path: "../shared/data/json-parsing/test_parsing").standardizedFileURL

    private static func files(_ prefix: String) throws -> [(name: String, text: [UInt8])] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasPrefix(prefix) }
            .map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
    }

    private static let isPresent = FileManager.default.fileExists(atPath: folder.path)
    private static let absent: Comment = "JSONTestSuite is not at ../shared/data/json-parsing/test_parsing"

    /// The text as a value in an event's metadata.
    private static func embedded(_ text: [UInt8]) -> [UInt8] {
        Array(#"{"userId":"u1","eventType":"t","metadata":{"v":"#.utf8) + text + Array("}}".utf8)
    }

    @Test(.enabled(if: isPresent, absent)) func acceptsWhatMustBeAccepted() throws {
        let files = try Self.files("y_")
        #expect(files.count == 95)
        for file in files {
            #expect(isJSON(file.text), "\(file.name)")
            let code = try scan(Self.embedded(file.text)).violation?.code
            // BSON cannot hold such a key: valid JSON, but no valid event.
            let expected: EventViolation.Code? = file.name.contains("null_in_key") ? .forbiddenKey : nil
            #expect(code == expected, "\(file.name)")
        }
    }

    @Test(.enabled(if: isPresent, absent)) func refusesWhatMustBeRefused() throws {
        let files = try Self.files("n_")
        #expect(files.count == 188)
        for file in files {
            #expect(!isJSON(file.text), "\(file.name)")
            #expect(throws: JSONSyntaxError.self, "\(file.name)") { try scan(Self.embedded(file.text)) }
        }
    }

    @Test(.enabled(if: isPresent, absent)) func decidesWhatIsFree() throws {
        for file in try Self.files("i_") {
            let text = Self.embedded(file.text)
            let event = try? scan(text)
            // What is accepted can also be hashed and rewritten, and is then good JSON for anyone.
            guard let event, event.violation == nil else { continue }
            var hasher = PayloadHasher()
            try text.withUnsafeBufferPointer { bytes in
                _ = try hasher.hash(event, in: bytes, hasOwnTime: true)
                let metadata = try #require(try event.metadataWithUniqueKeys(in: bytes))
                #expect(throws: Never.self, "\(file.name)") { try JSONSerialization.jsonObject(with: Data(metadata)) }
            }
        }
    }
}

import Events
import Foundation
import Testing

@testable import JSONSchema

/// The JSON Schema project's own tests, which lie beside the repository: whatever is taken is decided as they say,
/// and nothing is refused but what is named here.
@Suite struct OfficialSuiteTests {
    private static let folder = sharedFile("json-schema/tests/draft2020-12")
    private static let isPresent = FileManager.default.fileExists(atPath: folder.path)
    private static let absent: Comment = "the JSON Schema tests are not at ../shared/data/json-schema"

    /// Files about what is not supported, so that every schema in them may be refused.
    private static let unsupported: Set<String> = ["dynamicRef", "refRemote", "vocabulary"]

    /// Schemas of other files that need several resources, the metaschema, or `$dynamicRef`.
    private static let refused: Set<String> = [
        "anchor: Location-independent identifier with absolute URI",
        "anchor: Location-independent identifier with base URI change in subschema",
        "anchor: same $anchor with different base uri", "defs: validate definition against metaschema",
        "ref: remote ref, containing refs itself", "ref: Recursive references between schemas",
        "ref: refs with relative uris and defs", "ref: relative refs with absolute uris and defs",
        "ref: $id must be resolved against nearest parent, not just immediate parent",
        "ref: order of evaluation: $id and $ref", "ref: order of evaluation: $id and $anchor and $ref",
        "ref: order of evaluation: $id and $ref on nested schema", "ref: URN ref with nested pointer ref",
        "ref: ref to if", "ref: ref to then", "ref: ref to else", "ref: ref with absolute-path-reference",
        "unevaluatedItems: unevaluatedItems with $dynamicRef",
        "unevaluatedProperties: unevaluatedProperties with $dynamicRef",
    ]

    @Test(.enabled(if: isPresent, absent)) func everyCaseOfEveryKeyword() throws {
        var (cases, refused): (Int, Set<String>) = (0, [])
        let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
        for file in files where file.pathExtension == "json" {
            let name = file.deletingPathExtension().lastPathComponent
            for group in try groups(of: file) {
                let title = "\(name): \(group.description)"
                guard let schema = try? JSONSchema(group.schema) else {
                    if !Self.unsupported.contains(name) { refused.insert(title) }
                    continue
                }
                for test in group.tests {
                    cases += 1
                    let violation = try test.data.withUnsafeBufferPointer { try schema.violation(in: $0) }
                    #expect((violation == nil) == test.isValid, "\(title): \(test.description) \(violation as Any)")
                }
            }
        }
        #expect(refused == Self.refused)
        #expect(cases >= 1179)
    }

    private struct Group {
        var description = ""
        var schema: [UInt8] = []
        var tests: [(description: String, data: [UInt8], isValid: Bool)] = []
    }

    /// Read with this module's own tape, because Foundation would write numbers in another way.
    private func groups(of file: URL) throws -> [Group] {
        let text = Array(try Data(contentsOf: file))
        return try text.withUnsafeBufferPointer { bytes in
            let tape = try ValueTape(bytes, maximumDepth: 64)
            func member(_ object: Int, _ name: String) throws -> Int {
                var found: Int?
                _ = tape.forEachChild(of: object) { key in
                    if tape.text(key) == name { found = key + 1 }
                    return true
                }
                return try #require(found)
            }
            func raw(_ entry: Int) -> [UInt8] {
                let quotes = tape.entries[entry].kind == .string ? 1 : 0
                let range = tape.entries[entry].range
                return Array(bytes[range.lowerBound - quotes..<range.upperBound + quotes])
            }
            return try elements(of: 0, tape).map { group in
                let tests = try elements(of: member(group, "tests"), tape).map { test in
                    let isValid = tape.entries[try member(test, "valid")].kind == .true
                    return (tape.text(try member(test, "description")), raw(try member(test, "data")), isValid)
                }
                return Group(
                    description: tape.text(try member(group, "description")),
                    schema: raw(try member(group, "schema")), tests: tests)
            }
        }
    }

    private func elements(of array: Int, _ tape: ValueTape) -> [Int] {
        var result: [Int] = []
        _ = tape.forEachChild(of: array) { element in
            result.append(element)
            return true
        }
        return result
    }
}

import Foundation
import TestSupport
import Testing

@testable import MongoStore

/// JSON to BSON by ours, back to JSON by libbson, compared by Foundation: three parsers that must agree.
@Suite struct JSONRoundTripTests {
    @Test func randomDocumentsKeepTheirValues() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of randomDocumentsKeepTheirValues: \(seed)")
        var random = RandomJSON(seed: seed)
        for round in 0..<2_000 {
            let text = random.object(depth: 6)
            let back = try bson(text).withUnsafeBytes { try relaxedJSON(of: $0) }
            try #require(
                try jsonTextsAreEqual(text.utf8, back), "seed \(seed), round \(round): \(text) became \(string(back))")
        }
    }

    @Test func randomDamageIsRefusedOrMakesSoundBSON() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of randomDamageIsRefusedOrMakesSoundBSON: \(seed)")
        var random = RandomJSON(seed: seed)
        for _ in 0..<5_000 {
            var text = Array(random.object(depth: 4).utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random.generator) {
                text[Int.random(in: 0..<text.count, using: &random.generator)] = .random(
                    in: 0...255, using: &random.generator)
            }
            guard let made = try? bson(text) else { continue }
            try made.withUnsafeBytes { try walk(try BSONReader($0)) }
        }
    }

    @Test func acceptedFilesOfTheJSONTestSuite() throws {
        // BSON ends a key at its NUL, so the contract refuses such keys.
        let refused = "y_object_escaped_null_in_key.json"
        for file in try suiteFiles(prefix: "y_") {
            let text = Array(#"{"v":"#.utf8 + (try Data(contentsOf: file)) + "}".utf8)
            if file.lastPathComponent == refused {
                #expect(throws: JSONFault.nulInKey) { try bson(text) }
                continue
            }
            let back = try bson(text).withUnsafeBytes { try relaxedJSON(of: $0) }
            #expect(try jsonTextsAreEqual(text, back), "\(file.lastPathComponent)")
        }
    }

    @Test func theOtherFilesOfTheJSONTestSuiteDoNoHarm() throws {
        for file in try suiteFiles(prefix: "n_") + suiteFiles(prefix: "i_") {
            let text = try Data(contentsOf: file)
            for wrapped in [Array(text), Array(#"{"v":"#.utf8 + text + "}".utf8)] {
                guard let made = try? bson(wrapped) else { continue }
                try made.withUnsafeBytes { try walk(try BSONReader($0)) }
            }
        }
    }

    /// Visits every element, so that a wrong length anywhere is found.
    private func walk(_ document: BSONReader) throws {
        var document = document
        while let element = try document.next() {
            if element.type == BSONType.document || element.type == BSONType.array {
                try walk(try element.document())
            }
        }
    }

    /// The JSON parsing suite that lies beside the package; where it does not, the test says so and ends.
    private func suiteFiles(prefix: String) throws -> [URL] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let place = root.appending(path: "../shared/data/json-parsing/test_parsing").standardized
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: place.path) else {
            print("skipped: no JSON parsing suite beside the package (../shared/data)")
            return []
        }
        let files = names.filter { $0.hasPrefix(prefix) }.sorted().map { place.appending(path: $0) }
        try #require(!files.isEmpty, "a suite without \(prefix) files")
        return files
    }

    private func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

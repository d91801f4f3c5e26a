import Events
import Foundation
import Testing

@testable import JSONSchema

/// Compiles a schema from its text.
func schema(_ text: String) throws -> JSONSchema { try JSONSchema(Array(text.utf8)) }

/// What a value breaks; `nil` for a good one.
func violation(_ value: String, _ schema: JSONSchema) throws -> SchemaViolation? {
    try Array(value.utf8).withUnsafeBufferPointer { try schema.violation(in: $0) }
}

func isValid(_ value: String, _ text: String) throws -> Bool { try violation(value, schema(text)) == nil }

/// Why a schema is refused, as `pointer: reason`; `nil` where it is taken.
func refusal(_ text: String) -> String? {
    do throws(JSONSchemaError) {
        _ = try JSONSchema(Array(text.utf8))
        return nil
    } catch {
        return "\(error.pointer): \(error.reason)"
    }
}

/// A file that lies beside the repository.
func sharedFile(_ path: String) -> URL {
    URL(filePath: FileManager.default.currentDirectoryPath).appending(path: "../shared/data/\(path)")
        .standardizedFileURL
}

/// A small generator whose sequence its seed determines: SplitMix64 (Steele, Lea, Flood: "Fast Splittable
/// Pseudorandom Number Generators", 2014).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A new seed for each run, printed so that a failure can be repeated.
    static func announced(_ test: String = #function) -> SeededRandom {
        let seed = UInt64.random(in: 0 ... .max)
        print("\(test): seed \(seed)")
        return SeededRandom(seed: seed)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

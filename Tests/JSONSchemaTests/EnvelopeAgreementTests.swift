import Events
import Foundation
import Testing

@testable import JSONSchema

/// The published schema and the scanner decide alike, but for the rules that stand in the schema's `$comment`s.
@Suite struct EnvelopeAgreementTests {
    private static let noon: Int64 = 1_746_100_800_000

    /// Rules of the scanner that a schema cannot say: sizes and depths in bytes and levels, the clock, days that do
    /// not exist, numbers by how they are written, fields given twice.
    private static let beyondSchema: Set<EventViolation.Code> = [
        .inTheFuture, .outOfRange, .tooDeep, .tooLarge, .duplicateField,
    ]

    private func envelope() throws -> JSONSchema {
        let file = URL(filePath: #filePath).appending(path: "../../../schemas/events/user-event.schema.json")
        return try JSONSchema(Array(Data(contentsOf: file.standardizedFileURL)))
    }

    private func scan(_ text: [UInt8]) throws -> EventViolation? {
        try text.withUnsafeBufferPointer { bytes in
            var scanner = EventScanner(bytes, now: Self.noon)
            return try scanner.next().violation
        }
    }

    @Test func theyAgreeOnRandomEvents() throws {
        let envelope = try envelope()
        #expect(envelope.id == SchemaSet.envelopeID)
        var random = SeededRandom.announced()
        var counts = [0, 0]
        for _ in 0..<6_000 {
            let text = Self.event(&random)
            let bytes = Array(text.utf8)
            let found = try scan(bytes)
            if let found, Self.beyondSchema.contains(found.code) { continue }
            let broken = try bytes.withUnsafeBufferPointer { try envelope.violation(in: $0) }
            counts[found == nil ? 1 : 0] += 1
            #expect((broken == nil) == (found == nil), "\(text): scanner \(found as Any), schema \(broken as Any)")
        }
        #expect(counts.allSatisfy { $0 > 600 }, "\(counts)")
    }

    private static func event(_ random: inout SeededRandom) -> String {
        var members: [String] = []
        func add(_ name: String, chance: Int, _ values: [String]) {
            guard Int.random(in: 0..<100, using: &random) < chance else { return }
            members.append("\"\(name)\":\(values.randomElement(using: &random)!)")
        }
        let isWild = Int.random(in: 0..<2, using: &random) == 0
        add("userId", chance: isWild ? 90 : 100, isWild ? userIDs : ["\"u1\"", "\"ada\"", "\"é\""])
        add("eventType", chance: isWild ? 90 : 100, isWild ? eventTypes : ["\"page_view\"", "\"a\""])
        add("eventId", chance: 40, isWild ? eventIDs : ["\"e1\""])
        add("timestamp", chance: 40, isWild ? timestamps : ["\"2025-05-01T12:00:00Z\"", "0", "1746100800000"])
        add(
            "metadata", chance: 60,
            isWild ? [metadata(depth: 3, &random), "1", "[]", "null"] : [metadata(depth: 3, &random)])
        if isWild { add("extra", chance: 5, ["1"]) }
        members.shuffle(using: &random)
        return isWild && Int.random(in: 0..<50, using: &random) == 0 ? "[]" : "{\(members.joined(separator: ","))}"
    }

    private static let userIDs =
        EventRules.junkUserIDs.flatMap { ["\"\($0)\"", "\" \($0.uppercased())\\t\"", "\"x\($0)\""] } + [
            "\"\"", "\" \"", "\"\\u0085\"", "\"\\ufeff\"", "\"\\u0000\"", "\"\\ud800\"", "\"\u{FFFD}\"", "1", "null",
            "\"\(String(repeating: "é", count: 200))\"", "\"\(String(repeating: "x", count: 201))\"", "\"ok\"",
            "\"ok2\"",
            "\"\\u3000null\\u2028\"", "\"\\u200bnull\"", "\"nu\\u006cl\"",
        ]
    private static let eventTypes = [
        "\"a\"", "\"A\"", "\"a.b:c-d_e\"", "\"\"", "\"1\"", "\"\(String(repeating: "a", count: 64))\"",
        "\"\(String(repeating: "a", count: 65))\"", "\"a\\n\"", "\"\\u0061\"", "7", "\"aé\"", "\"ok\"", "\"ok\"",
    ]
    private static let eventIDs = [
        "\"\"", "\"\(String(repeating: "x", count: 128))\"", "\"\(String(repeating: "x", count: 129))\"",
        "\"a\\u0000\"",
        "\"\\udc00\"", "1", "null", "\"e\"",
    ]
    private static let timestamps = [
        "\"2025-05-01T12:00:00Z\"", "\"2025-05-01t12:00:00.123456z\"", "\"2025-05-01 12:00:00-03:30\"",
        "\"2025-05-01T12:00:00\"", "\"2025-13-01T00:00:00Z\"", "\"2025-05-01T24:00:00Z\"", "\"2025-05-01T12:00:00.Z\"",
        "\"\"", "true", "0", "1746100800000", "\"1746100800000\"", "\"2025-05-01T12:00:00+24:00\"", "{}",
    ]

    private static func metadata(depth: Int, _ random: inout SeededRandom) -> String {
        let keys = ["a", "b", "$a", "", "a$", "\\u0024x", "\\u0000", "x\\u0000", "é"]
        let members = (0..<Int.random(in: 0...2, using: &random)).map { number in
            // No key twice: the scanner also refuses what a later member hides.
            let isOdd = number == 0 && Int.random(in: 0..<3, using: &random) == 0
            let key = isOdd ? keys.randomElement(using: &random)! : "k\(number)"
            let value: String
            switch Int.random(in: 0...5, using: &random) {
            case 0 where depth > 0: value = metadata(depth: depth - 1, &random)
            case 1 where depth > 0: value = "[\(metadata(depth: depth - 1, &random)),1]"
            default:
                value = ["1", "1.5e3", "\"x\"", "true", "null", "\"\\ud800\"", "[]"].randomElement(using: &random)!
            }
            return "\"\(key)\":\(value)"
        }
        return "{\(members.joined(separator: ","))}"
    }
}

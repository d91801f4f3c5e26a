import Foundation
import Testing

@testable import Events

/// The published schema says what the scanner enforces.
@Suite struct UserEventSchemaTests {
    private static func property(_ name: String) throws -> [String: Any] {
        let file = URL(filePath: #filePath).appending(path: "../../../schemas/events/user-event.schema.json")
        let schema =
            try JSONSerialization.jsonObject(with: Data(contentsOf: file.standardizedFileURL)) as? [String: Any]
        return try #require((schema?["properties"] as? [String: [String: Any]])?[name])
    }

    private static func matches(_ text: String, _ pattern: Any?) throws -> Bool {
        let expression = try NSRegularExpression(pattern: try #require(pattern as? String))
        return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }

    private static func quoted(_ text: String) -> String {
        var json: [UInt8] = []
        JSONString.append(text.utf8, to: &json)
        return String(decoding: json, as: UTF8.self)
    }

    @Test func hasTheSameLimits() throws {
        #expect(try Self.property("eventId")["maxLength"] as? Int == EventRules.maximumEventIDLength)
        #expect(try Self.property("userId")["maxLength"] as? Int == EventRules.maximumUserIDLength)
        let comment = try #require(try Self.property("metadata")["$comment"] as? String)
        #expect(comment.contains("\(EventRules.maximumMetadataDepth) levels"))
        #expect(comment.contains("\(EventRules.maximumMetadataSize) bytes"))
    }

    @Test func hasTheSameJunkUsers() throws {
        let junk = try Self.property("userId")["not"] as? [String: Any]
        for id in EventRules.junkUserIDs {
            for text in [id, id.uppercased(), " \(id)\t", "\(id)x", "x\(id)"] {
                let isJunk = try violation(of: event(userID: Self.quoted(text))) != nil
                #expect(try Self.matches(text, junk?["pattern"]) == isJunk, "\(text)")
            }
        }
        #expect(try Self.matches(" \n", junk?["pattern"]))
    }

    @Test(arguments: [
        "a", "a1_.:-z", "A", "1a", "", "a b", String(repeating: "a", count: 64), String(repeating: "a", count: 65),
    ])
    func hasTheSameEventTypes(_ text: String) throws {
        let isGood = try violation(of: event(eventType: Self.quoted(text))) == nil
        #expect(try Self.matches(text, Self.property("eventType")["pattern"]) == isGood)
    }

    @Test(arguments: [
        "2025-05-01T12:00:00Z", "2025-05-01t12:00:00.5-03:30", "2025-05-01 12:00:00+00:00", "2025-05-01T12:00:00",
        "2025-05-01T24:00:00Z", "2025-05-01T12:00:00+2:00", "2025-13-01T00:00:00Z", "2025-05-01T12:00:00.Z",
        "1746100800000",
        "2025-05-01T12:00:00+24:00",
    ])
    func hasTheSameTimes(_ text: String) throws {
        let forms = try #require(try Self.property("timestamp")["oneOf"] as? [[String: Any]])
        let isGood = try violation(of: event(timestamp: Self.quoted(text))) == nil
        #expect(try Self.matches(text, forms.first?["pattern"]) == isGood)
    }
}

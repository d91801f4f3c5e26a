import Foundation
import Testing

@testable import Events

/// What is rewritten for the stores says the same.
@Suite struct UniqueKeysTests {
    private func rewritten(_ metadata: String) throws -> String {
        let text = Array(event(metadata: metadata).utf8)
        let event = try scan(text)
        return String(
            decoding: try #require(try text.withUnsafeBufferPointer { try event.metadataWithUniqueKeys(in: $0) }),
            as: UTF8.self)
    }

    private func parsed(_ text: String) throws -> NSDictionary {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
    }

    @Test(arguments: [
        (#"{ "a" : 1 , "b" : [ 1 , {"c":1,"c" : 2} ] , "a":"x" }"#, #"{"b":[1,{"c":2}],"a":"x"}"#),
        (#"{"a":1,"\u0061":2,"b":0}"#, #"{"\u0061":2,"b":0}"#), (#"{}"#, #"{}"#), (#"{"a":[],"a":{}}"#, #"{"a":{}}"#),
        (
            #"{"a":"x\ud83d \"y\\\u0001","b":"\ud83d\ude00"}"#,
            "{\"a\":\"x\u{FFFD} \\\"y\\\\\\u0001\",\"b\":\"\\ud83d\\ude00\"}"
        ),
        (#"{"\ud800":1,"\ud801":2}"#, "{\"\u{FFFD}\":2}"),
        (
            #"{"a":[9223372036854775807,-9223372036854775808,9223372036854775808,-9223372036854775809]}"#,
            #"{"a":[9223372036854775807,-9223372036854775808,9223372036854775808.0,-9223372036854775809.0]}"#
        ),
    ])
    func rewrites(_ metadata: String, _ expected: String) throws {
        #expect(try rewritten(metadata) == expected)
        #expect(try hash(expected).digest == hash(metadata).digest)
        #expect(try !hash(expected).needsRewriting)
    }

    @Test(arguments: [
        (#"{"a":"\ud800"}"#, true), (#"{"\udc00":1}"#, true), (#"{"a":"\ud83d\ude00"}"#, false),
        (#"{"a":9223372036854775808}"#, true), (#"{"a":9223372036854775807}"#, false),
        (#"{"a":-9223372036854775808}"#, false),
        (#"{"a":9223372036854775808.0}"#, false), (#"{"a":1e30}"#, false), (#"{"a":1,"a":1}"#, true),
    ])
    func saysWhenItIsNeeded(_ metadata: String, _ isNeeded: Bool) throws {
        #expect(try hash(metadata).needsRewriting == isNeeded)
    }

    @Test func agreesWithFoundation() throws {
        var random = SeededRandom.announced()
        for _ in 0..<2000 {
            let unique = JSONValue.randomObject(depth: 4, using: &random)
            guard case .object(let members) = unique else { continue }
            let text = unique.spelled(using: &random)
            #expect(try parsed(rewritten(text)) == parsed(text), "\(text)")
            // The same members once more in front, with other values: they make no difference.
            let earlier = members.map { (key: $0.key, value: $0.value.mutated(using: &random)) }
            let first = JSONValue.object(earlier).spelled(using: &random).drop { $0 != "{" }
            let body = first.trimmingCharacters(in: .whitespacesAndNewlines).dropLast()
            guard !members.isEmpty else { continue }
            let doubled = "\(body),\(text.trimmingCharacters(in: .whitespacesAndNewlines).dropFirst())"
            #expect(try parsed(rewritten(doubled)) == parsed(text), "\(doubled)")
            #expect(try hash(doubled).needsRewriting)
        }
    }
}

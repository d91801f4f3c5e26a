import Testing

@testable import Events

/// Every field of the contract, at and beyond the edge of each limit.
@Suite struct EventRulesTests {
    @Test func readsAGoodEvent() throws {
        let text = event(
            userID: #""ü\u0041""#, timestamp: #""2025-05-01T12:00:00.250+02:00""#, eventID: #""e1""#,
            metadata: #"{"a":[1]}"#)
        let event = try scan(" \(text) ")
        #expect(event.violation == nil)
        #expect(event.eventID == "e1" && event.userID == "üA" && event.eventType == "page_view")
        #expect(event.timestamp == 1_746_093_600_250)
        #expect(event.range == 1..<text.utf8.count + 1 && event.afterOpeningBrace == 2)
        #expect(event.metadata.map { Array(" \(text)".utf8)[$0] } == Array(#"{"a":[1]}"#.utf8)[...])
    }

    @Test(arguments: ["1", "\"x\"", "[]", "null", "true"])
    func refusesWhatIsNoObject(_ text: String) throws { #expect(try violation(of: text) == "not_an_object ") }

    @Test func requiresUserIDAndEventType() throws {
        #expect(try violation(of: "{}") == "missing_field userId")
        #expect(try violation(of: event(userID: nil)) == "missing_field userId")
        #expect(try violation(of: event(eventType: nil)) == "missing_field eventType")
        #expect(try violation(of: event()) == nil)
    }

    @Test func knowsFieldsAlsoWhenEscaped() throws {
        #expect(try scan(#"{"user\u0049d":"u1","\u0065ventType":"t"}"#).violation == nil)
        #expect(
            try violation(of: event(userID: nil, extra: #""userId":"u1","user\u0049d":"u2""#))
                == "duplicate_field userId")
        #expect(try violation(of: event(extra: #""userID":"u1""#)) == "unknown_field userID")
        #expect(try violation(of: event(extra: #""":{"$x":1e400}"#)) == "unknown_field ")
    }

    @Test(arguments: ["userId", "eventId", "eventType", "timestamp", "metadata"])
    func refusesDuplicatesAndWrongTypes(_ field: String) throws {
        let good = ["timestamp": "1", "metadata": "{}"][field] ?? "\"x\""
        let required = ["userId", "eventType"].filter { $0 != field }.map { "\"\($0)\":\"x\"" }
        func event(_ values: [String]) -> String {
            "{" + (required + values.map { "\"\(field)\":\($0)" }).joined(separator: ",") + "}"
        }
        #expect(try violation(of: event([good])) == nil)
        #expect(try violation(of: event([good, good])) == "duplicate_field \(field)")
        for wrong in ["null", "true", "[]", field == "metadata" ? "1" : "{}", field == "timestamp" ? "[1]" : "7"] {
            #expect(try violation(of: event([wrong])) == "wrong_type \(field)", "\(wrong)")
        }
    }

    @Test(arguments: ["x", "ä", "😀"]) func countsCharacters(_ character: String) throws {
        func text(_ count: Int) -> String { "\"" + String(repeating: character, count: count) + "\"" }
        #expect(try violation(of: event(userID: text(200))) == nil)
        #expect(try violation(of: event(userID: text(201))) == "invalid_length userId")
        #expect(try violation(of: event(eventID: text(128))) == nil)
        #expect(try violation(of: event(eventID: text(129))) == "invalid_length eventId")
        #expect(try violation(of: event(userID: text(0))) == "invalid_length userId")
        #expect(try violation(of: event(eventID: text(0))) == "invalid_length eventId")
    }

    @Test func refusesEveryJunkUser() throws {
        for id in EventRules.junkUserIDs {
            for text in [id, id.uppercased(), " \(id)", "\(id)\\t", "\u{3000}\(id)\u{A0}"] {
                #expect(try violation(of: event(userID: "\"\(text)\"")) == "junk_user_id userId", "\(text)")
            }
            // One more letter, and it is somebody's.
            #expect(try violation(of: event(userID: "\"\(id)x\"")) == nil, "\(id)x")
            #expect(try violation(of: event(userID: "\"x\(id)\"")) == nil, "x\(id)")
        }
        #expect(try violation(of: event(userID: #""[object Object]""#)) == "junk_user_id userId")
        #expect(try violation(of: event(userID: #"" \u0020\t""#)) == "junk_user_id userId")
    }

    @Test(arguments: [" \u{301}", "\u{301} ", "\u{301}", " \u{301} null", "\r\u{200D}", "\u{3000}\u{FE0F}"])
    func survivesWhiteSpaceWithMarks(_ id: String) throws {
        let text = id.replacing("\r", with: "\\r")
        #expect(try violation(of: event(userID: "\"\(text)\"")) == nil)
    }

    @Test(arguments: [#"a\u0000"#, #"a\uD800"#, #"\uDC00a"#, #"\uD800\uD800"#, "a\u{FFFD}"])
    func refusesIDsThatCannotBeTold(_ id: String) throws {
        #expect(try violation(of: event(userID: "\"\(id)\"")) == "invalid_format userId")
        #expect(try violation(of: event(eventID: "\"\(id)\"")) == "invalid_format eventId")
    }

    @Test func checksEventTypes() throws {
        for good in ["a", "a1_.:-z", String(repeating: "a", count: 64), #"\u0061"#] {
            #expect(try violation(of: event(eventType: "\"\(good)\"")) == nil, "\(good)")
        }
        for bad in ["", "A", "1a", "_a", "aB", "a b", "ä", "aä", "a\\n", "a/", String(repeating: "a", count: 65)] {
            #expect(try violation(of: event(eventType: "\"\(bad)\"")) == "invalid_format eventType", "\(bad)")
        }
    }

    @Test(arguments: ["a", "a-b_9", "0", String(repeating: "s", count: 64)])
    func knowsSources(_ text: String) { #expect(EventRules.isSource(text)) }

    @Test(arguments: ["", "-a", "_a", "A", "a.b", "ä", "a/b", String(repeating: "s", count: 65)])
    func refusesSources(_ text: String) { #expect(!EventRules.isSource(text)) }
}

@Suite struct MetadataRulesTests {
    private static func nested(_ depth: Int) -> String {
        String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
    }

    @Test func limitsTheDepth() throws {
        #expect(try violation(of: event(metadata: Self.nested(32))) == nil)
        #expect(try violation(of: event(metadata: Self.nested(33))) == "too_deep metadata")
        #expect(try violation(of: event(metadata: Self.nested(512))) == "too_deep metadata")
        for depth in [513, 100_000] {
            #expect(throws: JSONSyntaxError.self) { try scan(event(metadata: Self.nested(depth))) }
        }
        let arrays = String(repeating: "[", count: 31) + String(repeating: "]", count: 31)
        #expect(try violation(of: event(metadata: "{\"a\":\(arrays)}")) == nil)
        #expect(try violation(of: event(metadata: "{\"a\":[\(arrays)]}")) == "too_deep metadata")
    }

    @Test func limitsTheSize() throws {
        func metadata(_ size: Int) -> String { #"{"a":""# + String(repeating: "x", count: size - 8) + #""}"# }
        #expect(metadata(100).utf8.count == 100)
        #expect(try violation(of: event(metadata: metadata(32_768))) == nil)
        #expect(try violation(of: event(metadata: metadata(32_769))) == "too_large metadata")
    }

    @Test(arguments: [
        #"{"$a":1}"#, #"{"\u0024a":1}"#, #"{"a":{"b":[{"$":1}]}}"#, #"{"a\u0000":1}"#, #"{"a":[{"\u0000":1}]}"#,
    ])
    func refusesKeys(_ metadata: String) throws {
        #expect(try violation(of: event(metadata: metadata)) == "forbidden_key metadata")
    }

    @Test(arguments: [
        #"{"a$":"$b","":1}"#, #"{"\\u0024":1}"#, #"{"a":"\u0000","b":"$"}"#, #"{"a.b":1}"#, #"{"a":1e308,"b":-1e-400}"#,
        #"{"a":1e-99999999999999999999,"b":0e99999999999999999999}"#,
    ])
    func acceptsValues(_ metadata: String) throws { #expect(try violation(of: event(metadata: metadata)) == nil) }

    @Test func refusesNumbersBeyondADouble() throws {
        let digits = "1" + String(repeating: "0", count: 309)
        for number in ["1e400", "-1E+309", "1.8e308", digits, "1e99999999999999999999"] {
            #expect(try violation(of: event(metadata: "{\"a\":[\(number)]}")) == "out_of_range metadata", "\(number)")
        }
        #expect(try violation(of: event(metadata: "{\"a\":\(digits.dropLast())}")) == nil)
    }

    @Test func namesTheFirstRuleBroken() throws {
        #expect(
            try violation(of: #"{"userId":"0","eventType":"X","metadata":{"$":1e400},"x":1}"#) == "junk_user_id userId")
    }
}

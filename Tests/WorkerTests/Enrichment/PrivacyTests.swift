import Events
import Stores
import Testing

@testable import Worker

/// What must not be stored in clear.
struct PrivacyTests {
    private static let addresses: [(String, String?)] = [
        ("198.51.100.77", "198.51.100.0"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::ffff:198.51.100.77", "198.51.100.0"),
        ("198.51.100.0", "198.51.100.0"), ("example.com", nil), ("198.51.100.77:80", nil), ("", nil),
    ]

    @Test(arguments: addresses)
    func aHeadersAddressIsAnonymisedWhoeverWroteIt(text: String, expected: String?) throws {
        let context = try enriched(headers: [(.clientAddress, text)]).context
        #expect(context.clientAddress == expected)
        #expect(context.failures == (expected == nil ? ["client_address"] : []))
    }

    @Test(arguments: addresses)
    func metadatasAddressIsStoredAnonymised(text: String, expected: String?) throws {
        let event = try enriched("{\"a\":1,\"clientAddress\":\"\(text)\", \"b\":[2]}")
        let stored = expected.map { "\"\($0)\"" } ?? "null"
        #expect(event.metadataText == "{\"a\":1,\"clientAddress\":\(stored), \"b\":[2]}")
        #expect(event.context.clientAddress == nil, "a browser's key has no say in it")
        #expect(event.context.failures == (expected == nil ? ["client_address"] : []))
    }

    @Test(arguments: [#"{"ip":"198.51.100.77"}"#, #"["198.51.100.77"]"#, "7", "true"])
    func anOddAddressIsNotStored(value: String) throws {
        let event = try enriched("{\"client\\u0041ddress\":\(value)}")
        #expect(event.metadataText == "{\"client\\u0041ddress\":null}")
        #expect(event.context.failures == ["metadata", "client_address"])
    }

    @Test func aServerSpeaksForItsClients() throws {
        let metadata =
            #"{"clientAddress":"203.0.113.9","userAgent":"Mozilla\/5.0 (X11; Linux x86_64; rv:9.0) Gecko/1 Firefox/9.0"}"#
        let headers: [(HeaderName, String)] = [
            (.clientAddress, "192.0.2.0"), (.userAgent, "curl/8.5.0"), (.clientHintPlatform, "\"Windows\""),
        ]
        let server = try enriched(metadata, headers: headers + [(.keyMark, "server")]).context
        #expect(server.clientAddress == "203.0.113.0")
        #expect(server.browser?.name == "Firefox" && server.os?.name == "Linux" && server.bot == nil)
        for kind in [[], [(HeaderName.keyMark, "browser")]] {
            let context = try enriched(metadata, headers: headers + kind).context
            #expect(context.clientAddress == "192.0.2.0" && context.userAgent == "curl/8.5.0" && context.bot == "curl")
        }
    }

    @Test(arguments: ["{}", #"{"clientAddress":"home","userAgent":""}"#, #"{"clientAddress":7,"userAgent":null}"#])
    func aClaimThatIsNoneClaimsNothing(claims: String) throws {
        let headers: [(HeaderName, String)] = [
            (.clientAddress, "192.0.2.0"), (.userAgent, "Server/1"), (.keyMark, "server"),
        ]
        let context = try enriched(claims, headers: headers).context
        #expect(context.clientAddress == "192.0.2.0" && context.userAgent == "Server/1")
    }

    @Test func longUserAgentsAreCutBetweenCharacters() throws {
        let long = "{\"userAgent\":\"x\(String(repeating: "ü", count: 2_000))\"}"
        #expect(try enriched(long, headers: [(.keyMark, "server")]).context.userAgent?.utf8.count == 1_023)
    }

    @Test func redactedKeysAreStoredAsPseudonyms() throws {
        let metadata = #"{"email":"joe@example.com","n":1,"deep":{"email":"stays"},"e\u006dail2":{"a":[1]}}"#
        let configuration = redacting(["email", "email2", "absent"], "0123456789abcdef")
        let event = try enriched(metadata, configuration)
        let text = try #require(event.metadataText)
        #expect(!text.contains("joe@example.com") && text.contains(#""deep":{"email":"stays"}"#))
        #expect(text.matches(of: /"hmac:[0-9a-f]{32}"/).count == 2 && text.contains(#""n":1"#))
        #expect(try enriched(metadata, configuration).metadataText == text, "repeatable")
        // Written with an escape, it is the same value.
        let escaped = try enriched(metadata.replacing("joe@", with: "jo\\u0065@"), configuration).metadataText
        #expect(escaped == text)
        #expect(try enriched(metadata, redacting(["email"], "another secret..")).metadataText != text)
        #expect(try enriched(metadata, source: "app", configuration).metadataText != text)
        #expect(event.payloadHash == (try enriched(metadata)).payloadHash, "what was sent is what is compared")
    }

    @Test func aRedactedAddressIsAPseudonym() throws {
        let event = try enriched(#"{"clientAddress":"203.0.113.9"}"#, redacting(["clientAddress"], "0123456789abcdef"))
        #expect(event.metadataText?.wholeMatch(of: /\{"clientAddress":"hmac:[0-9a-f]{32}"\}/) != nil)
    }

    private func redacting(_ keys: [String], _ secret: String) -> EnrichmentConfiguration {
        var configuration = EnrichmentConfiguration()
        (configuration.redactedKeys, configuration.redactionSecret) = (keys, Array(secret.utf8))
        return configuration
    }
}

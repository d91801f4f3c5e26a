import Events
import Stores
import Synchronization
import Testing

@testable import StoreModels
@testable import Worker

/// No event is lost, whatever it holds.
struct EnricherTests {
    private struct Damaged: Error {}

    @Test func aCountryIsLookedUpOnceAnAddress() throws {
        let asked = Mutex<[String]>([])
        var configuration = EnrichmentConfiguration()
        configuration.country = { address in
            asked.withLock { $0.append(address) }
            return "NL"
        }
        let slice = RecordSlice((0..<5).map { record(offset: $0, more: [(.clientAddress, "192.0.2.\($0 / 4)")]) })
        let events = Decoder().decode(slice, epoch: 1, completing: Enricher(configuration))
        for case .event(let event) in events { #expect(event.context.country == "NL") }
        #expect(asked.withLock { $0 } == ["192.0.2.0", "192.0.2.0"])
    }

    @Test func aFailureIsNotedAndTheOthersGoOn() throws {
        var configuration = EnrichmentConfiguration()
        configuration.country = { _ in throw Damaged() }
        let event = try enriched(
            #"{"url":"nowhere","referrer":"no address","userAgent":7,"path":{"a":1}}"#,
            headers: [(.clientAddress, "192.0.2.0"), (.userAgent, "curl/8")], configuration)
        #expect(event.context.failures == ["metadata", "country", "url", "referrer"])
        #expect(event.context.clientAddress == "192.0.2.0" && event.context.bot == "curl")
    }

    @Test func aHeaderThatIsNoTextIsNoted() throws {
        var broken = record()
        broken.headers.append(.init(name: HeaderName.userAgent.rawValue, value: [0x61, 0xFF, 0x62]))
        broken.headers.append(.init(name: HeaderName.clientAddress.rawValue, value: [0xFF]))
        let slice = RecordSlice([broken])
        let decoded = Decoder().decode(slice, epoch: 1, completing: Enricher(EnrichmentConfiguration()))
        guard case .event(let event) = decoded[0] else { throw NoEvent(decoded: decoded) }
        #expect(event.context.failures == ["client_address", "user_agent"])
        #expect(event.context.userAgent == nil && event.context.device == nil)
    }

    @Test func faultsPassThroughInOrder() {
        let slice = RecordSlice([record(offset: 0), record("{", offset: 1), record(offset: 2, eventID: "e3")])
        let decoded = Decoder().decode(slice, epoch: 1, completing: Enricher(EnrichmentConfiguration()))
        let kinds = decoded.map { item in if case .event(let event) = item { event.eventID } else { "fault" } }
        #expect(kinds == ["e1", "fault", "e3"])
    }

    /// Any bytes in headers and well-known keys: the event stays, its identity and digest too, and the stored metadata is
    /// JSON that a store takes.
    @Test func anyBytesLeaveTheEvent() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("enrichment of any bytes: seed \(seed)")
        var random = SeededRandom(seed: seed)
        var configuration = EnrichmentConfiguration()
        (configuration.redactedKeys, configuration.redactionSecret) = (["title", "x"], [1])
        configuration.cacheSize = 8
        let enricher = Enricher(configuration)
        for _ in 0..<3_000 {
            let slice = RecordSlice([Self.anyRecord(&random)])
            let decoded = Decoder().decode(slice, epoch: 1)
            guard case .event(let before) = decoded[0] else { continue }
            guard case .event(let event) = Decoder().decode(slice, epoch: 1, completing: enricher)[0] else {
                throw NoEvent(decoded: decoded)
            }
            try #require(event.id == before.id && event.payloadHash == before.payloadHash, "seed \(seed)")
            try #require(event.timestamp == before.timestamp && event.userID == before.userID, "seed \(seed)")
            let metadata = Array(try #require(event.metadata))
            try metadata.withUnsafeBufferPointer { bytes in
                var (scanner, facts) = (JSONScanner(bytes), JSONFacts())
                try #require(try scanner.skipValue(&facts) == 0..<metadata.count, "seed \(seed)")
            }
            for dimension in ContextDimension.allCases {
                let value = EventDimensions(of: event.context)[dimension] ?? ""
                try #require(value.utf8.count <= 512 && !value.utf8.contains { $0 < 0x20 }, "seed \(seed)")
            }
        }
    }

    private static func anyRecord(_ random: inout SeededRandom) -> LoggedRecord {
        func anyText() -> String {
            let pieces = [
                "https://", "/", "?utm_source=", "&", "=", "%", "%4", "@", "google.", "com", "[", "::1", "192.0.2.1",
                "#",
                "\\u0000", "\\\"", "é", "🎈", "Mozilla/5.0 (", "Chrome/", "99", "bot", "\\ud800", ";", ")", ":", "www.",
                " ",
            ]
            return (0..<Int.random(in: 0...9, using: &random)).map { _ in pieces.randomElement(using: &random)! }
                .joined()
        }
        let keys = ["url", "path", "referrer", "title", "userAgent", "clientAddress", "x"]
        let members = keys.shuffled(using: &random).prefix(5).map { "\"\($0)\":\"\(anyText())\"" }
        var built = record(eventText(more: ",\"metadata\":{\(members.joined(separator: ","))}"))
        let names: [HeaderName] = [
            .userAgent, .clientAddress, .keyMark, .clientHintBrands, .clientHintPlatform, .clientHintMobile,
        ]
        for name in names where Bool.random(using: &random) {
            var value = Array(anyText().utf8)
            if Bool.random(using: &random) { value.append(UInt8.random(in: .min ... .max, using: &random)) }
            if name == .keyMark { value = Array("server".utf8) }
            built.headers.append(.init(name: name.rawValue, value: value))
        }
        return built
    }

    @Test func aCacheStaysWithinItsLimit() {
        let cache = TextCache<Int>(limit: 10, name: "test")
        var made = 0
        func ask(_ number: Int) -> Int {
            cache.value(of: Array("text \(number)".utf8)[...]) { _ in
                made += 1
                return number
            }
        }
        var largest = 0
        for number in 0..<1_000 {
            #expect(ask(number) == number && ask(0) == 0)
            largest = max(largest, cache.count)
        }
        #expect((8...11).contains(largest))
        #expect(made == 1_000, "what is asked for again and again stays")
    }
}

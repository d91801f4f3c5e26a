import Events
import Stores
import TestSupport
import Testing

extension RawEventStoreCheck {
    static let contents: [RawEventStoreCheck] = [
        .init("every field comes back") { fixture in
            let store = try await fixture.open()
            let event = RawEvent(
                source: "site", eventID: "Ünï-код-🎈", userID: "пользователь \u{1F600}", eventType: "a:b.c-d",
                timestamp: -62_135_596_800_000, clientTimestamp: 1_431_800_000_123, receivedAt: 253_402_300_799_999,
                metadata: Array(#"{"ключ":"значение"}"#.utf8)[...],
                context: .full,
                position: Position(epoch: .max, partition: 23, offset: .max - 1),
                payloadHash: Digest128(high: 0x0123_4567_89AB_CDEF, low: .max))
            #expect(try await store.insert([event]) == [.stored])
            let found = try #require(try await store.event(source: event.source, eventID: event.eventID))
            #expect(found.id == event.id && found.userID == event.userID && found.eventType == event.eventType)
            #expect(found.timestamp == event.timestamp && found.receivedAt == event.receivedAt)
            #expect(found.clientTimestamp == event.clientTimestamp)
            #expect(found.context == event.context && found.position == event.position)
            #expect(found.payloadHash == event.payloadHash)
            #expect(try jsonTextsAreEqual(found.metadata ?? [], event.metadata ?? []))
            await store.close()
        },
        .init("an unknown event is nil, and absent parts stay absent") { fixture in
            let store = try await fixture.open()
            #expect(try await store.event(source: "site", eventID: "nobody") == nil)
            var bare = RawEvent.sample("bare", at: 0, metadata: nil)
            bare.context = EventContext()
            #expect(try await store.insert([bare]) == [.stored])
            let found = try #require(try await store.event(source: "site", eventID: "bare"))
            #expect(found.metadata == nil && found.clientTimestamp == nil && found.context == EventContext())
            await store.close()
        },
        .init("each part of a context comes back alone") { fixture in
            let store = try await fixture.open()
            var contexts = [EventContext](repeating: EventContext(), count: 11)
            contexts[0].browser = .init(name: "Opera")
            contexts[1].os = .init(name: "Linux")
            contexts[2].referrer = .init(host: nil, kind: "direct")
            contexts[3].referrer = .init(host: "", kind: "")
            contexts[4].utm.term = "term"
            contexts[5].path = ""
            contexts[6].failures = ["url"]
            contexts[7].userAgent = String(repeating: "x", count: 70_000)
            contexts[8].country = "NL"
            contexts[9].bot = "bot"
            contexts[10].traceID = "0af7651916cd43dd8448eb211c80319c"
            let events = contexts.enumerated().map { index, context in
                var event = RawEvent.sample("part-\(index)", at: Int64(index))
                event.context = context
                return event
            }
            #expect(try await store.insert(events).allSatisfy { $0 == .stored })
            for event in events {
                let found = try #require(try await store.event(source: "site", eventID: event.eventID))
                #expect(found.context == event.context)
            }
            await store.close()
        },
        .init("odd metadata comes back with the same values") { fixture in
            let store = try await fixture.open()
            for (index, text) in oddMetadata.enumerated() {
                let event = RawEvent.sample("odd-\(index)", at: Int64(index), metadata: text)
                #expect(try await store.insert([event]) == [.stored], "\(text.prefix(80))")
                let found = try await store.event(source: "site", eventID: event.eventID)
                let back = found?.metadata ?? []
                #expect(
                    try jsonTextsAreEqual(back, Array(text.utf8)),
                    "\(text.prefix(80)) became \(String(decoding: back.prefix(200), as: UTF8.self))")
            }
            await store.close()
        },
        .init("a slice of a larger buffer is stored by itself") { fixture in
            let store = try await fixture.open()
            let buffer = Array(#"xxxx{"a":1}yyyy"#.utf8)
            var event = RawEvent.sample("slice", at: 0)
            event.metadata = buffer[4..<11]
            #expect(try await store.insert([event]) == [.stored])
            let found = try await store.event(source: "site", eventID: "slice")
            #expect(try jsonTextsAreEqual(found?.metadata ?? [], Array(#"{"a":1}"#.utf8)))
            await store.close()
        },
    ]

    private static let oddMetadata = [
        "{}", "null", #"{"a":null,"b":true,"c":false,"d":[],"e":{}}"#,
        #"{"":"empty key","a.b":"dot","a b":"space","é":"accent","🎈":"balloon","_id":7}"#,
        #"{"i":[0,-1,2147483647,2147483648,-2147483649,9223372036854775807,-9223372036854775808]}"#,
        #"{"d":[0.1,-2.5e-7,1e22,1e300,123456789.123456789,5e-324,18446744073709551615]}"#,
        #"{"s":"\"\\\/\b\f\n\r\t\u0041\u00e9\u4e2d\ud83c\udf88"}"#, #"{"nul":"a\u0000b"}"#,
        #"{"a":[[1,[2,[3,{"b":[4]}]]],"x"]}"#, "{ \"a\" :\t[ 1 ,\n2 ]\r\n}",
        String(repeating: #"{"k":"#, count: 31) + "{}" + String(repeating: "}", count: 31),
        #"{"k":"# + String(repeating: "[", count: 31) + String(repeating: "]", count: 31) + "}",
        "{\"many\":[" + (0..<3_000).map(String.init).joined(separator: ",") + "]}",
    ]
}

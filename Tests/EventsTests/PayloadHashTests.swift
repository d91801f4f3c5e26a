import Foundation
import Testing

@testable import Events

/// Equal content gives equal hashes however it is written; other content gives others.
@Suite struct PayloadHashTests {
    @Test func ignoresHowContentIsWritten() throws {
        var random = SeededRandom.announced()
        for _ in 0..<2000 {
            let value = JSONValue.randomObject(depth: 4, using: &random)
            let texts = (0..<3).map { _ in value.spelled(using: &random) }
            let hashes = try texts.map { try hash($0) }
            #expect(Set(hashes.map(\.digest)).count == 1, "\(texts)")
            #expect(hashes.allSatisfy { !$0.needsRewriting }, "\(texts)")
        }
    }

    @Test func seesEveryChange() throws {
        var random = SeededRandom.announced()
        for _ in 0..<3000 {
            let value = JSONValue.randomObject(depth: 4, using: &random)
            let other = value.mutated(using: &random)
            let (text, changed) = (value.spelled(using: &random), other.spelled(using: &random))
            #expect(try hash(text).digest != hash(changed).digest, "\(text) \(changed)")
        }
    }

    @Test func tellsValuesApart() throws {
        // Within a row the same value, in each row another.
        let values = [
            ["1", "1.0", "1e0", "10e-1", "0.1E+1", "1.000", "0.0001e4", "100e-02"],
            ["-25", "-25.0", "-2.5e1", "-250e-1"],
            [
                "0", "-0", "0.0", "0e5", "-0.00e-7", "0.0e9223372036854775807", "0.0e-9223372036854775808",
                "-0e99999999999999999",
            ],
            ["1e300", "10e299", "0.1e301"], ["1e-9999", "10e-10000", "0.1e-9998"], ["9007199254740992"],
            ["9007199254740993", "9007199254740993.0", "9.007199254740993e15"], ["true"], ["false"], ["null"],
            [#""1""#],
            ["1e1"], ["11"], ["101"], ["-1"], ["[]"], ["{}"], [#""""#], ["[1]"], ["[1,1]"], ["[[1],1]"], ["[[1,1]]"],
            [#""true""#], [#"{"k":1}"#], [#"["k",1]"#], ["0.1"], ["0.01"],
        ]
        let digests = try values.map { row in Set(try row.map { try hash("{\"a\":\($0)}").digest }) }
        for (row, digests) in zip(values, digests) { #expect(digests.count == 1, "\(row)") }
        #expect(Set(digests.joined()).count == values.count)
    }

    @Test(arguments: ["1.0e-9223372036854775808", "0.001e-9223372036854775807", "1.5e-99999999999999999999"])
    func survivesHugeExponents(_ number: String) throws { _ = try hash("{\"a\":\(number)}") }

    @Test func tellsBoundariesApart() throws {
        let texts = [
            #"{"a":"b","c":"d"}"#, #"{"a":"bc","d":""}"#, #"{"ab":"","c":"d"}"#, #"{"a":{"b":1},"c":2}"#,
            #"{"a":{"b":1,"c":2}}"#, #"{"a":[1,2],"c":[]}"#, #"{"a":[1],"c":[2]}"#, #"{"abcdefgh":1}"#,
            #"{"abcdefghi":1}"#,
            #"{"abcdefg":1}"#, "{}",
        ]
        #expect(try Set(texts.map { try hash($0).digest }).count == texts.count)
    }

    @Test func coversUserTypeAndTimeButNotTheID() throws {
        let time = "\"timestamp\":"
        let base = try hash(ofEvent: event(extra: time + "1746093600250")).digest
        let same = [
            event(timestamp: #""2025-05-01T10:00:00.250Z""#), event(timestamp: #""2025-05-01t12:00:00.2500+02:00""#),
            event(timestamp: #""2025-05-01 10:00:00\u002E25z""#), event(timestamp: "1746093600250", eventID: "\"e9\""),
            event(userID: #""\u00751""#, eventType: #""page\u005fview""#, timestamp: "1746093600250"),
        ]
        for text in same { #expect(try hash(ofEvent: text).digest == base, "\(text)") }
        let others = [
            event(), event(timestamp: "1746093600251"), event(userID: "\"u2\"", timestamp: "1746093600250"),
            event(eventType: "\"page_vie\"", timestamp: "1746093600250"),
            event(timestamp: "1746093600250", metadata: "{}"),
        ]
        #expect(try Set(others.map { try hash(ofEvent: $0).digest } + [base]).count == others.count + 1)
    }

    @Test func leavesOutASplicedTime() throws {
        let digests = try ["1746093600250", "1746093600251"].map { time in
            try hash(ofEvent: event(timestamp: time), hasOwnTime: false).digest
        }
        #expect(try Set(digests + [hash(ofEvent: event()).digest]).count == 1)
    }

    @Test func readsTheLastOfDuplicateKeys() throws {
        let pairs = [
            (#"{"a":1,"a":2}"#, #"{"a":2}"#), (#"{"a":{"x":1},"b":3,"\u0061":[]}"#, #"{"b":3,"a":[]}"#),
            (#"{"k":[{"a":1,"b":2,"a":3,"a":4}]}"#, #"{"k":[{"b":2,"a":4}]}"#),
            (#"{"longer key":1,"longer kez":2,"longer key":3}"#, #"{"longer key":3,"longer kez":2}"#),
        ]
        for (duplicate, last) in pairs {
            let (found, wanted) = (try hash(duplicate), try hash(last))
            #expect(found.digest == wanted.digest, "\(duplicate)")
            #expect(found.needsRewriting && !wanted.needsRewriting, "\(duplicate)")
        }
    }

    /// In any order: nothing of the event before is left.
    @Test func aHasherForgetsTheEventBefore() throws {
        let texts = [
            event(metadata: #"{"b":[1,{"z":1,"a":2}],"a":"\u0061","c":1e3}"#), event(),
            event(metadata: #"{"a":1,"a":2}"#), event(userID: "\"u2\"", metadata: "{}"),
        ]
        var hasher = PayloadHasher()
        for text in texts + texts.reversed() {
            let bytes = Array(text.utf8)
            let event = try scan(bytes)
            let found = try bytes.withUnsafeBufferPointer { try hasher.hash(event, in: $0, hasOwnTime: true) }
            let alone = try hash(ofEvent: text)
            #expect(found.digest == alone.digest && found.needsRewriting == alone.needsRewriting, "\(text)")
        }
    }
}

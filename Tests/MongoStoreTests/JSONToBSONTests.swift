import Foundation
import TestSupport
import Testing

@testable import MongoStore

@Suite struct JSONToBSONTests {
    @Test(
        arguments: [
            ("{}", []),
            (#"{"a":1}"#, [0x10, 0x61, 0, 1, 0, 0, 0]),
            (#"{"a":-2147483649}"#, [0x12, 0x61, 0, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF]),
            (#"{"a":-9223372036854775808}"#, [0x12, 0x61, 0, 0, 0, 0, 0, 0, 0, 0, 0x80]),
            (#"{"a":1.5}"#, [0x01, 0x61, 0, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F]),
            (#"{"a":true}"#, [0x08, 0x61, 0, 1]),
            (#"{"a":null}"#, [0x0A, 0x61, 0]),
            (#"{"a":"b"}"#, [0x02, 0x61, 0, 2, 0, 0, 0, 0x62, 0]),
            (#"{"a":[7]}"#, [0x04, 0x61, 0, 12, 0, 0, 0, 0x10, 0x30, 0, 7, 0, 0, 0, 0]),
            (#"{"a":{"":false}}"#, [0x03, 0x61, 0, 8, 0, 0, 0, 0x08, 0, 0, 0]),
        ] as [(String, [UInt8])])
    func bytesAreAsTheSpecificationSays(_ text: String, _ elements: [UInt8]) throws {
        #expect(try bson(text) == [UInt8(elements.count + 5), 0, 0, 0] + elements + [0])
    }

    @Test(arguments: [
        (#""\ud83c\udf88""#, "🎈"), (#""\ud83c""#, "\u{FFFD}"), (#""\udf88\ud83c""#, "\u{FFFD}\u{FFFD}"),
        (#""\ud83cA""#, "\u{FFFD}A"), (#""\ud83c\n""#, "\u{FFFD}\n"), (#""\ud83c\u0041""#, "\u{FFFD}A"),
        (#""\ud83c\ud83c\udf88""#, "\u{FFFD}🎈"), (#""\u0000""#, "\0"), (#""\/\b\f""#, "/\u{8}\u{C}"),
        ("\"\u{7F}é中\"", "\u{7F}é中"),
    ])
    func stringsAreDecoded(_ text: String, _ expected: String) throws {
        #expect(try value(text).string() == expected)
    }

    @Test(arguments: [
        "0", "-1", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "-9223372036854775807",
    ])
    func integersStayExact(_ text: String) throws {
        #expect(try value(text).integer() == Int64(text))
    }

    @Test(arguments: [
        "-0", "0.0", "-0.0", "1.0", "0.1", "1e0", "1E+2", "1e-2", "123456789012345678901234567890",
        "9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "4.9e-324", "2.2250738585072011e-308", "1e-400", "1e-99999",
        "0e99999", "1.7976931348623157e308", "9007199254740993.0", "8.5e22", "1e23", "0.000000000000000000000000000001",
        "3.14159265358979323846264338327950288", "1e00000000000000000000022",
    ])
    func otherNumbersAreTheNearestDouble(_ text: String) throws {
        let found = try value(text)
        #expect(found.type == BSONType.double)
        #expect(found.bytes == withUnsafeBytes(of: try #require(Double(text)).bitPattern.littleEndian, Array.init))
    }

    @Test func randomNumbersAreTheNearestDoubleBitForBit() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of randomNumbersAreTheNearestDoubleBitForBit: \(seed)")
        var random = RandomJSON(seed: seed)
        for _ in 0..<5_000 {
            let text = random.fraction()
            let wanted = try #require(Double(text)).bitPattern
            try #require(
                try value(text).bytes == withUnsafeBytes(of: wanted.littleEndian, Array.init), "seed \(seed): \(text)")
        }
    }

    @Test(arguments: [
        (#"{"a":1e400}"#, JSONFault.numberTooLarge), (#"{"a":-1e400}"#, .numberTooLarge),
        (#"{"a":1e99999999999999999999999}"#, .numberTooLarge), (#"{"\u0000":1}"#, .nulInKey),
        (#"{"a":{"b\u0000c":1}}"#, .nulInKey), ("[]", .notAnObject), ("1", .notAnObject), ("", .notAnObject),
        (#""a""#, .notAnObject), ("true", .notAnObject),
    ])
    func whatCannotBeStoredIsRefused(_ text: String, _ fault: JSONFault) {
        #expect(throws: fault) { try bson(text) }
    }

    @Test(arguments: [
        "{", "{\"", "{\"a", #"{"a""#, #"{"a":"#, #"{"a":1"#, #"{"a":1,"#, #"{"a":1,}"#, #"{"a":[1,]}"#, #"{"a":[,1]}"#,
        #"{"a":01}"#, #"{"a":-}"#, #"{"a":1.}"#, #"{"a":.5}"#, #"{"a":1e}"#, #"{"a":1e+}"#, #"{"a":+1}"#, #"{"a":tru}"#,
        #"{"a":"\x"}"#, #"{"a":"\u12"}"#, #"{"a":"\ud83c\u12"}"#, "{\"a\":\"\n\"}", #"{"a":1]"#, #"{"a":[1}"#, "{}{}",
        "{},", #"{a:1}"#, #"{"a" 1}"#, #"{"a":1 "b":2}"#, #"{"a":[1 2]}"#, "nul", "null1", #"{"a":NaN}"#, "{,}",
        #"{"a":"\ud83c\"#,
    ])
    func brokenTextIsRefused(_ text: String) {
        #expect(throws: JSONFault.self) { try bson(text) }
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: #"{"k":"#, count: depth - 1) + "{}" + String(repeating: "}", count: depth - 1)
        }
        for depth in [1, 32, JSONToBSON.deepest] { _ = try bson(nested(depth)) }
        #expect(throws: JSONFault.tooDeep) { try bson(nested(JSONToBSON.deepest + 1)) }
        #expect(throws: JSONFault.tooDeep) { try bson(#"{"k":"# + String(repeating: "[", count: 1_000_000)) }
    }

    @Test func aFaultAtAnyPlaceLeavesNoTraceInTheNextDocument() throws {
        let text = Array(#"{"a":[1,{"b":"c\u00e9","d":-1.5e3}],"e":{"f":null,"g":true}}"#.utf8)
        var converter = JSONToBSON()
        for cut in 0..<text.count {
            var writer = BSONWriter()
            #expect(throws: JSONFault.self) {
                try text[..<cut].withUnsafeBytes { try converter.append("v", $0, to: &writer) }
            }
            writer.truncate(to: 0)
            try text.withUnsafeBytes { try converter.append("v", $0, to: &writer) }
            #expect(Array(writer.bytes) == [0x03, 0x76, 0] + (try bson(String(decoding: text, as: UTF8.self))))
        }
    }
}

/// The BSON of a metadata text; checked to be well formed, also by libbson, which says it in JSON.
func bson(_ text: some StringProtocol) throws -> [UInt8] { try bson(Array(text.utf8)) }

func bson(_ text: [UInt8]) throws -> [UInt8] {
    var converter = JSONToBSON()
    var writer = BSONWriter(capacity: 0)
    try text.withUnsafeBytes { try converter.append("v", $0, to: &writer) }
    return Array(writer.bytes.dropFirst(3))
}

/// The element that a JSON value becomes.
private func value(_ text: String) throws -> OwnedElement {
    OwnedElement(document: try bson(#"{"v":"# + text + "}"))
}

/// An element together with the document it points into.
private struct OwnedElement {
    let document: [UInt8]

    var type: UInt8 { document[4] }
    var bytes: [UInt8] { Array(document[7..<document.count - 1]) }
    func string() throws -> String? { try read { try $0.string() } }
    func integer() throws -> Int64? { try read { try $0.integer() } }

    private func read<Value>(_ body: (BSONElement) throws -> Value) throws -> Value? {
        try document.withUnsafeBytes { bytes in
            var reader = try BSONReader(bytes)
            return try reader.next().map(body)
        }
    }
}

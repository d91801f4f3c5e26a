import Foundation
import Testing

@testable import Events

@Suite struct JSONScannerTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1.5e-3", "1E+2", #""""#, #""a\"\\\/\b\f\n\r\tz""#, #""\uD83D\uDE00""#,
        "[]", "{}",
        " [ 1 , [ ] , { } ] ", #"{"a":{"b":[1,2,{"c":null}]},"d":""}"#, "\"\u{7F}\u{80}\u{FFFF}\u{10FFFF}\"",
        "\t\n\r 1",
    ])
    func accepts(_ text: String) { #expect(isJSON(Array(text.utf8))) }

    @Test(arguments: [
        "", " ", "nul", "nulll", "tru", "01", "-", "-a", "1.", ".5", "1e", "1e+", "+1", "0x1", "NaN", #"""#, #""\"#,
        #""\x""#,
        #""\u12G4""#, #""\u12"#, "\"\n\"", "\"\0\"", "[", "]", "[1,]", "[,1]", "[1 2]", "{", "}", "{,}", #"{"a"}"#,
        #"{"a":}"#,
        #"{"a":1,}"#, #"{"a" 1}"#, "{1:2}", "[}", "{]", #"{"a":[}]"#, "1 2", "{}{}", "\u{FEFF}1", "\u{A0}1", "'a'",
    ])
    func refuses(_ text: String) { #expect(!isJSON(Array(text.utf8))) }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xE0, 0x9F, 0x80], [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xFF],
            [0xE2, 0x28, 0xA1],
        ] as [[UInt8]])
    func refusesWhatIsNotUTF8(_ bytes: [UInt8]) {
        // At each distance from the start: the scanner looks at eight bytes at a time.
        for padding in 0..<17 {
            let pad = [UInt8](repeating: 0x61, count: padding)
            #expect(!isJSON([0x22] + pad + bytes + [0x22]))
            #expect(!isJSON([0x22] + pad + bytes + pad + [0x22]))
        }
    }

    @Test func findsEveryStopAtEveryPlaceInAWord() {
        for padding in 0..<20 {
            for byte in UInt8.min...UInt8.max {
                let pad = [UInt8](repeating: 0x7A, count: padding)
                let isPlain = byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5C
                #expect(isJSON([0x22] + pad + [byte] + pad + [0x22]) == isPlain, "\(byte) after \(padding)")
            }
        }
    }

    @Test func reportsTheDepthAndStopsAt512() throws {
        for (depth, isAccepted) in [(1, true), (33, true), (512, true), (513, false), (100_000, false)] {
            for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
                let core = open == "[" ? "" : "0"
                let text = Array(
                    (String(repeating: open, count: depth) + core + String(repeating: close, count: depth)).utf8)
                var facts = JSONFacts()
                let isJSON = text.withUnsafeBufferPointer { bytes in
                    var scanner = JSONScanner(bytes)
                    return (try? scanner.skipValue(&facts)) == 0..<text.count
                }
                #expect(isJSON == isAccepted, "\(depth) of \(open)")
                #expect(!isAccepted || facts.depth == depth)
            }
        }
    }

    @Test func tellsWhereATextIsWrong() {
        #expect(throws: JSONSyntaxError("expected ',' or ']' in an array", at: 3)) { try scan("[1 2]") }
        #expect(throws: JSONSyntaxError("expected the end of a string, found the end of the text", at: 7)) {
            try scan(#"{"userI"#)
        }
    }
}

/// The scanner accepts what Foundation's JSONSerialization accepts, on random texts and on damaged ones.
@Suite struct ScannerOracleTests {
    @Test func agreesWithFoundation() throws {
        var random = SeededRandom.announced()
        var (accepted, refused) = (0, 0)
        for _ in 0..<20_000 {
            let value = JSONValue.random(depth: 5, using: &random)
            var text = Array(value.spelled(using: &random).utf8)
            #expect(isJSON(text), "\(String(decoding: text, as: UTF8.self))")
            for _ in 0..<Int.random(in: 0..<3, using: &random) { Self.damage(&text, using: &random) }
            if Self.isKnownDifference(text) { continue }
            let isAccepted = isJSON(text)
            #expect(isAccepted == Self.foundationAccepts(text), "\(String(decoding: text, as: UTF8.self)) \(text)")
            if isAccepted { accepted += 1 } else { refused += 1 }
        }
        #expect(accepted > 3000 && refused > 3000, "both answers must have been tried: \(accepted), \(refused)")
    }

    private static func foundationAccepts(_ text: [UInt8]) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)) != nil
    }

    /// What Foundation decides otherwise, rightly or not.
    private static func isKnownDifference(_ text: [UInt8]) -> Bool {
        // It guesses UTF-16 and UTF-32 from zero bytes and skips a byte order mark; JSON is UTF-8 (RFC 8259, 8.1).
        if text.prefix(4).contains(0) || text.starts(with: [0xEF, 0xBB, 0xBF]) || text.starts(with: [0xFE, 0xFF])
            || text.starts(with: [0xFF, 0xFE])
        {
            return true
        }
        // It lets a comma stand before a closing bracket; the grammar does not (RFC 8259, sections 4 and 5).
        let dense = text.filter { $0 > 0x20 }
        if zip(dense, dense.dropFirst()).contains(where: { $0 == UInt8(ascii: ",") && ($1 == 0x5D || $1 == 0x7D) }) {
            return true
        }
        var facts = JSONFacts()
        return text.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            guard (try? scanner.skipValue(&facts)) != nil else { return false }
            // It refuses numbers beyond a double, and unpaired surrogates, both of which the grammar allows.
            return facts.hasOverflow || hasUnpairedSurrogate(text)
        }
    }

    private static func hasUnpairedSurrogate(_ text: [UInt8]) -> Bool {
        let units = String(decoding: text, as: UTF8.self).replacing("\\\\", with: "")
        let pairs = units.replacing(/\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/, with: "")
        return pairs.contains(/\\u[dD][89a-fA-F]/)
    }

    private static func damage(_ text: inout [UInt8], using random: inout SeededRandom) {
        guard let index = text.indices.randomElement(using: &random) else { return }
        let structural = Array(#"{}[]:,"\/0123456789+-.eE tfnu"#.utf8)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: text.remove(at: index)
        case 1: text.insert(structural.randomElement(using: &random)!, at: index)
        case 2: text[index] = structural.randomElement(using: &random)!
        case 3: text[index] = .random(in: 0...255, using: &random)
        case 4: text.removeSubrange(index...)
        default: text.swapAt(index, text.indices.randomElement(using: &random)!)
        }
    }
}

import Foundation
import Testing

@testable import JSONSchema

@Suite struct PatternTests {
    private func matches(_ pattern: String, _ text: String, steps: Int = 1_000_000_000) throws -> Bool {
        var steps = steps
        let pattern = try Pattern(pattern)
        return Array(text.utf8).withUnsafeBufferPointer { pattern.matches($0, steps: &steps) }
    }

    @Test(
        arguments: [
            ("", "", true), ("", "x", true), ("b", "abc", true), ("^b", "abc", false), ("c$", "abc", true),
            ("b$", "abc", false), ("^$", "", true), ("^$", "a", false), ("^a|b$", "xb", true), ("^(a|b)$", "xb", false),
            ("(^|,)a(,|$)", "b,a", true), ("(^|,)a(,|$)", "b,ab", false), ("^^a$$", "a", true), ("a^b", "ab", false),
            ("a$b", "ab", false), ("^a{2,3}$", "aaa", true), ("^a{2,3}$", "aaaa", false), ("^a{2,}$", "a", false),
            ("^a{0}$", "", true), ("^(ab){2}$", "abab", true), ("^[a-c-]+$", "a-b", true), ("^[^a]$", "é", true),
            ("^.$", "\n", false), ("^[^]$", "\n", true), ("[]", "a", false), (#"^\d+$"#, "1٣", false),
            (#"^\w\W\s\S\D$"#, "a \u{FEFF}ab", true), (#"^\p{Lu}\P{L}$"#, "É1", true), (#"^\p{Letter}+$"#, "aé漢", true),
            (#"^\u00e9\x41\u{1F600}\ud83d\ude00$"#, "éA😀😀", true), (#"^[\u0000-\u007f]*$"#, "é", false),
            (#"^\.\-"#, "", nil), (#"^a\/b$"#, "a/b", true), ("^(?:a|)b$", "b", true), ("^a??b$", "b", true),
            ("^[\u{1F600}-\u{1F64F}]$", "😀", true), ("^(a?){64}b$", String(repeating: "a", count: 64) + "b", true),
        ] as [(String, String, Bool?)])
    func decides(pattern: String, text: String, expected: Bool?) throws {
        guard let expected else {
            #expect(throws: PatternError.self) { try Pattern(pattern) }
            return
        }
        #expect(try matches(pattern, text) == expected)
    }

    @Test(arguments: [
        "(", ")", "[", "a**", "*", "+a", "a{2", "a{3,2}", "a{1001}", "a{}", "{", "}", "]", "(?=a)", "(?!a)", "(?<=a)",
        "(?<n>a)", #"\b"#, #"\1"#, #"\"#, #"\q"#, #"\u12"#, #"\ud800"#, #"\p{Script=Greek}"#, #"\p"#, "[b-a]",
        #"[a-\d]"#, "(^a)*", "(a$){2}", "$^", "((((a{100}){100}){100}){100})",
        String(repeating: "(", count: 40) + String(repeating: ")", count: 40), String(repeating: "a", count: 1025),
    ])
    func refuses(pattern: String) { #expect(throws: PatternError.self) { try Pattern(pattern) } }

    /// Patterns that take exponential time where a matcher goes back.
    @Test(arguments: ["^(a+)+$", "^(a|a)*$", "^(a*)*b$", "(a|aa)+$", "(.*)(.*)(.*)(.*)[0-9]$", "^(.{1,200}@){1,4}$"])
    func takesBoundedTime(pattern: String) throws {
        let compiled = try Pattern(pattern)
        let text = Array((String(repeating: "a", count: 8_000) + "!").utf8)
        var steps = SchemaEvaluator.maximumSteps
        let time = ContinuousClock().measure {
            #expect(!text.withUnsafeBufferPointer { compiled.matches($0, steps: &steps) })
        }
        // A debug build on a busy machine: the work is bounded by the steps, some nanoseconds each when optimised.
        #expect(time < .seconds(10))
    }

    @Test func stopsWhenTheStepsAreUsedUp() throws {
        var steps = 10_000
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        let pattern = try Pattern("(a{1,40}@){4}")
        #expect(!text.withUnsafeBufferPointer { pattern.matches($0, steps: &steps) })
        #expect(steps <= 0 && steps > -1_000)
    }

    /// Against Foundation's matcher, on patterns that both read alike.
    @Test func agreesWithAnotherMatcher() throws {
        var random = SeededRandom.announced()
        var taken = 0
        for _ in 0..<400 {
            let source = Self.randomPattern(depth: 3, &random)
            // "^" after "$" never matches, and is refused.
            guard let pattern = try? Pattern(source) else { continue }
            taken += 1
            let other = try NSRegularExpression(pattern: source)
            for _ in 0..<5 {
                let text = String(
                    (0..<Int.random(in: 0...8, using: &random)).map { _ in "abcé".randomElement(using: &random)! })
                let expected = other.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
                var steps = 1_000_000
                let found = Array(text.utf8).withUnsafeBufferPointer { pattern.matches($0, steps: &steps) }
                #expect(found == expected, "/\(source)/ on \(text)")
            }
        }
        #expect(taken > 200)
    }

    private static func randomPattern(depth: Int, _ random: inout SeededRandom) -> String {
        func inner() -> String { randomPattern(depth: depth - 1, &random) }
        switch Int.random(in: depth > 0 ? 0...9 : 5...9, using: &random) {
        case 0: return inner() + inner()
        case 1: return "(\(inner())|\(inner()))"
        case 2:
            let part = inner()
            let isAnchored = part.contains("^") || part.contains("$")
            return "(?:\(part))"
                + (isAnchored ? "?" : ["*", "+", "?", "{2}", "{1,3}", "{0,2}?"].randomElement(using: &random)!)
        case 3: return "^" + inner().replacing("^", with: "").replacing("$", with: "")
        case 4: return inner().replacing("^", with: "").replacing("$", with: "") + "$"
        case 5: return "[ab]"
        case 6: return "[^b]"
        case 7: return "."
        case 8: return "é"
        default: return ["a", "b", "c"].randomElement(using: &random)!
        }
    }
}

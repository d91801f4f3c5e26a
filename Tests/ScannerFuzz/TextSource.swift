import Foundation
import TestSupport

/// Random texts, and texts that were good or nearly so, damaged. The same for the same seed and corpus.
struct TextSource {
    /// What is damaged: the corpus, and good texts of this run.
    private(set) var pool: [[UInt8]]
    private let corpus: Int
    private var random: SplitMix64

    private static let mostKept = 4000
    private static let longest = 4096

    init(seed: UInt64, corpus directory: String?) throws {
        random = SplitMix64(seed: seed)
        pool = Self.seeds.map { Array($0.utf8) }
        if let directory, FileManager.default.fileExists(atPath: directory) {
            for name in try FileManager.default.contentsOfDirectory(atPath: directory).sorted() {
                pool.append(Array(try Data(contentsOf: URL(filePath: "\(directory)/\(name)")).prefix(Self.longest)))
            }
        }
        corpus = pool.count
    }

    private static let seeds = [
        #"{"eventId":"e1","userId":"ada","eventType":"page_view","timestamp":"2025-05-01T12:00:00Z","metadata":{}}"#,
        #"{"userId":"ü\u00fc","eventType":"t","timestamp":1746100800000,"metadata":{"a":[1,-2.5e3,true,null,{"a":1,"a":2}]}}"#,
        #"{"userId":"u","eventType":"t","metadata":{"\ud83d\ude00":"\ud83d","n":9223372036854775808,"x":"\\\"\/\b"}}"#,
        "[1e308,-1e309,0.1e-400,\(String(repeating: "9", count: 310))]",
    ]

    /// The next text.
    mutating func next() -> [UInt8] {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return deep()
        case 1...3: return DocumentWriter.document(using: &random)
        default:
            var text = pool.randomElement(using: &random)!
            for _ in 0...Int.random(in: 0..<4, using: &random) { damage(&text) }
            // As a value within an event, where more of it is looked at.
            if Int.random(in: 0..<8, using: &random) == 0 {
                text = Array(#"{"userId":"u","eventType":"t","metadata":{"v":"#.utf8) + text + Array("}}".utf8)
            }
            return Array(text.prefix(Self.longest))
        }
    }

    /// A good text, to be damaged further; of older ones some are forgotten.
    mutating func keep(_ text: [UInt8]) {
        guard !text.isEmpty, text.count <= Self.longest / 2, Int.random(in: 0..<4, using: &random) == 0 else { return }
        if pool.count < corpus + Self.mostKept {
            pool.append(text)
        } else {
            pool[Int.random(in: corpus..<pool.count, using: &random)] = text
        }
    }

    /// Around the limit of nesting, or around that of metadata.
    private mutating func deep() -> [UInt8] {
        let depth = [Int.random(in: 1...40, using: &random), Int.random(in: 505...520, using: &random), 1200]
            .randomElement(using: &random)!
        let levels = (0..<depth).map { _ in Bool.random(using: &random) }
        var text = levels.map { $0 ? "[" : #"{"k":"# }.joined()
        text += ["0", "[]", "{}", "\"\""].randomElement(using: &random)!
        text += levels.reversed().map { $0 ? "]" : "}" }.joined()
        if depth < 40, Bool.random(using: &random) {
            text = #"{"userId":"u","eventType":"t","metadata":{"k":\#(text)}}"#
        }
        var bytes = Array(text.utf8)
        if Int.random(in: 0..<3, using: &random) == 0 { damage(&bytes) }
        return bytes
    }

    private static let tokens: [[UInt8]] =
        [
            "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "\\u0000", "\\u0024", "\\\"", "\\\\",
            "$", "true", "false", "null", "NaN", "Infinity", "-", "+", ".", "e", "E+", "0", "00", "1e999", "1e-999",
            "9223372036854775807", "9223372036854775808", "-9223372036854775809", " ", "\n", "\t", "\r", "\u{B}",
            "\u{A0}",
            "\u{FEFF}", "\u{1}", "\u{7F}", "é", "€", "😀", "\u{FFFD}", "\"a\":1,", "/**/", "'",
        ].map { Array($0.utf8) } + [
            [0x80], [0xBF], [0xC0, 0x80], [0xC2], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF],
            [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88], [0xFE], [0xFF, 0xFE], [0],
        ]

    private mutating func damage(_ text: inout [UInt8]) {
        guard let index = text.indices.randomElement(using: &random) else {
            text = Self.tokens.randomElement(using: &random)!
            return
        }
        let end = Int.random(in: index...min(text.count, index + 12), using: &random)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: text.remove(at: index)
        case 1: text[index] = .random(in: 0...255, using: &random)
        case 2: text[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 3: text.insert(contentsOf: Self.tokens.randomElement(using: &random)!, at: index)
        case 4: text.replaceSubrange(index..<end, with: Self.tokens.randomElement(using: &random)!)
        case 5: text.removeSubrange(index...)
        case 6: text.insert(contentsOf: text[index..<end], at: index)
        case 7: text.swapAt(index, text.indices.randomElement(using: &random)!)
        default: splice(&text, at: index)
        }
    }

    /// A piece of another text in the place of what follows.
    private mutating func splice(_ text: inout [UInt8], at index: Int) {
        let other = pool.randomElement(using: &random)!
        guard let start = other.indices.randomElement(using: &random) else { return }
        text.replaceSubrange(index..., with: other[start...])
    }
}

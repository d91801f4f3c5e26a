import TestSupport

/// Random JSON objects as text, in random spelling: white space, escapes, forms of numbers. Repeatable by seed.
struct RandomJSON {
    var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    mutating func object(depth: Int) -> String {
        var keys = Set<String>()
        let members: [String] = (0..<below(6)).compactMap { _ in
            let key = characters()
            guard !key.contains("\0"), keys.insert(key).inserted else { return nil }
            return space() + spelled(key) + space() + ":" + space() + value(depth: depth - 1) + space()
        }
        return space() + "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}" + space()
    }

    private mutating func value(depth: Int) -> String {
        switch below(depth > 0 ? 8 : 6) {
        case 0: "null"
        case 1: "true"
        case 2: "false"
        case 3: spelled(characters())
        case 4: integer()
        case 5: fraction()
        case 6: "[" + (0..<below(14)).map { _ in value(depth: depth - 1) }.joined(separator: ",") + space() + "]"
        default: object(depth: depth)
        }
    }

    private mutating func integer() -> String {
        String(Int64(bitPattern: generator.next()) >> below(64))
    }

    /// A number that is no integer by its spelling.
    mutating func fraction() -> String {
        let digits = String(Int64(bitPattern: generator.next()) >> (11 + below(50)))
        switch below(3) {
        case 0: return digits + "." + String(below(100_000))
        case 1: return digits + (below(2) == 0 ? "e" : "E") + ["", "+", "-"][below(3)] + String(below(40))
        default: return digits + ".0" + String(below(1_000)) + "e-" + String(below(300))
        }
    }

    private mutating func characters() -> String {
        let alphabet: [Unicode.Scalar] = ["a", "Z", "\"", "\\", "/", "\n", "\u{1}", "\0", "é", "中", "🎈", "$", ".", " "]
        var text = String.UnicodeScalarView()
        for _ in 0..<below(12) { text.append(alphabet[below(alphabet.count)]) }
        return String(text)
    }

    /// A string as JSON: some characters must be escaped, others are now and then.
    private mutating func spelled(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" {
                out += "\\" + String(scalar)
            } else if scalar.value < 0x20 || below(4) == 0 {
                for unit in String(scalar).utf16 { out += "\\u" + hex(unit) }
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    private mutating func hex(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16, uppercase: below(2) == 0)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    private mutating func space() -> String {
        below(4) == 0 ? [" ", "\t", "\r\n", "  "][below(4)] : ""
    }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
}

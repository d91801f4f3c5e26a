import TestSupport

/// Writes random JSON, good unless stated otherwise.
struct DocumentWriter {
    private var text = ""

    /// A document; half of them are events.
    static func document(using random: inout SplitMix64) -> [UInt8] {
        var writer = DocumentWriter()
        if Bool.random(using: &random) { writer.event(&random) } else { writer.value(depth: 5, &random) }
        return Array(writer.text.utf8)
    }

    private mutating func event(_ random: inout SplitMix64) {
        let times = ["\"2025-05-01T12:00:00.5+02:00\"", "1746100800000", "0", "\"2024-02-29t23:59:60z\"", "-1", "1e3"]
        var members = [
            "\"userId\":\(Self.string(&random, "u"))", "\"eventType\":\"page_view\"",
            "\"timestamp\":\(times.randomElement(using: &random)!)", "\"eventId\":\(Self.string(&random, "e"))",
        ]
        var metadata = DocumentWriter()
        metadata.object(depth: 4, &random)
        members.append("\"metadata\":\(metadata.text)")
        for _ in 0..<Int.random(in: 0..<3, using: &random) {
            members.remove(at: Int.random(in: 0..<members.count, using: &random))
        }
        text += "{" + members.shuffled(using: &random).joined(separator: ",") + "}"
    }

    private mutating func value(depth: Int, _ random: inout SplitMix64) {
        space(&random)
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
        case 0: text += ["true", "false", "null"].randomElement(using: &random)!
        case 1, 2: number(&random)
        case 3...5: text += Self.string(&random)
        case 6: array(depth: depth, &random)
        default: object(depth: depth, &random)
        }
        space(&random)
    }

    private mutating func array(depth: Int, _ random: inout SplitMix64) {
        text += "["
        for index in 0..<Int.random(in: 0..<5, using: &random) {
            if index > 0 { text += "," }
            value(depth: depth - 1, &random)
        }
        text += "]"
    }

    private mutating func object(depth: Int, _ random: inout SplitMix64) {
        text += "{"
        for index in 0..<Int.random(in: 0..<5, using: &random) {
            if index > 0 { text += "," }
            space(&random)
            // Few names, so that some come twice.
            let names = [
                "\"a\"", "\"\\u0061\"", "\"a.b\"", "\"\"", "\"$x\"", "\"\\u0024\"", "\"a\\u0000\"", "\"\\ud800\"",
            ]
            text +=
                Int.random(in: 0..<3, using: &random) == 0 ? names.randomElement(using: &random)! : Self.string(&random)
            space(&random)
            text += ":"
            value(depth: depth - 1, &random)
        }
        text += "}"
    }

    private mutating func number(_ random: inout SplitMix64) {
        func digits(_ most: Int) -> String {
            (0..<Int.random(in: 1...most, using: &random)).map { _ in "\(Int.random(in: 0...9, using: &random))" }
                .joined()
        }
        if Bool.random(using: &random) { text += "-" }
        text += Bool.random(using: &random) ? "0" : "\(Int.random(in: 1...9, using: &random))\(digits(25))"
        if Bool.random(using: &random) { text += "." + digits(20) }
        guard Bool.random(using: &random) else { return }
        text += ["e", "E", "e+", "E-"].randomElement(using: &random)! + digits(3)
    }

    /// - Parameter start: what it begins with.
    private static func string(_ random: inout SplitMix64, _ start: String = "") -> String {
        let pieces = [
            "a", "bcdefgh", " ", "é", "€", "😀", "\u{7F}", "\u{80}", "\u{FFFF}", "\u{10FFFF}", "\\n", "\\\"", "\\\\",
            "\\/",
            "\\u00e9", "\\uD83D\\uDE00", "\\ud83d", "\\uDE00", "\\u0000", "\\ufffd", "0123456789abcdef",
        ]
        let count = Int.random(in: 0..<6, using: &random)
        return "\"" + start + (0..<count).map { _ in pieces.randomElement(using: &random)! }.joined() + "\""
    }

    private mutating func space(_ random: inout SplitMix64) {
        text += ["", "", "", " ", "\n", "\r\n\t", "          "].randomElement(using: &random)!
    }
}

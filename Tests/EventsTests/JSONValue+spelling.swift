extension JSONValue {
    /// Writes the value as JSON: each time with other white space, order of members, escapes and forms of numbers.
    func spelled(using random: inout SeededRandom) -> String {
        let text: String
        switch self {
        case .null: text = "null"
        case .bool(let value): text = value ? "true" : "false"
        case .number(let coefficient, let exponent):
            text = Self.spelled(coefficient: coefficient, exponent: exponent, using: &random)
        case .string(let string): text = Self.spelled(string, using: &random)
        case .array(let values):
            text = "[" + values.map { $0.spelled(using: &random) }.joined(separator: ",") + Self.space(&random) + "]"
        case .object(let members):
            let parts = members.shuffled(using: &random).map { member in
                Self.space(&random) + Self.spelled(member.key, using: &random) + Self.space(&random) + ":"
                    + member.value.spelled(using: &random)
            }
            text = "{" + parts.joined(separator: ",") + Self.space(&random) + "}"
        }
        return Self.space(&random) + text + Self.space(&random)
    }

    private static func space(_ random: inout SeededRandom) -> String {
        ["", "", "", " ", "\n", "\t\r\n  "].randomElement(using: &random)!
    }

    private static func spelled(_ string: String, using random: inout SeededRandom) -> String {
        let short: [Unicode.Scalar: String] = ["\"": "\\\"", "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t"]
        var text = "\""
        for scalar in string.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if !mustEscape && Int.random(in: 0..<4, using: &random) > 0 {
                text.unicodeScalars.append(scalar)
            } else if let escape = short[scalar], Bool.random(using: &random) {
                text += escape
            } else {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16, uppercase: .random(using: &random))
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return text + "\""
    }

    private static func spelled(coefficient: Int, exponent: Int, using random: inout SeededRandom) -> String {
        let sign = coefficient < 0 ? "-" : ""
        let digits = String(coefficient.magnitude) + String(repeating: "0", count: .random(in: 0..<4, using: &random))
        // With the point before digit `point`, the value is 0.digits × 10^(power).
        let added = digits.utf8.count - String(coefficient.magnitude).utf8.count
        let point = coefficient == 0 ? 1 : Int.random(in: 0...digits.utf8.count, using: &random)
        let power = exponent - added + digits.utf8.count - point
        let whole = point == 0 ? "0" : String(digits.prefix(point))
        let fraction = String(digits.dropFirst(point))
        let mantissa = fraction.isEmpty ? whole : "\(whole).\(fraction)"
        if power == 0 && Bool.random(using: &random) { return sign + mantissa }
        let e = Bool.random(using: &random) ? "e" : "E"
        let plus = power >= 0 && Bool.random(using: &random) ? "+" : ""
        let minus = power < 0 ? "-" : ""
        let padding = Bool.random(using: &random) ? "0" : ""
        return "\(sign)\(mantissa)\(e)\(plus)\(minus)\(padding)\(power.magnitude)"
    }
}

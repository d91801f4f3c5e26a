import Testing

@testable import JSONSchema

@Suite struct NumberTests {
    private func number(_ text: String) -> ExactNumber { Array(text.utf8).withUnsafeBufferPointer { ExactNumber($0) } }

    @Test(arguments: [
        ("9007199254740993", "9007199254740992", 1), ("1", "1.0", 0), ("1e2", "100", 0), ("-0.0", "0", 0),
        ("-1", "-2", 1), ("0.1", "0.10000000000000000000000001", -1), ("1e400", "1e399", 1), ("-1e400", "1", -1),
        ("123e-2", "1.23", 0), ("0.00012", "12e-5", 0), ("99", "100", -1), ("1e-400", "0", 1), ("5", "-5", 1),
        ("18446744073709551616", "18446744073709551615", 1),
    ]) func order(left: String, right: String, expected: Int) {
        #expect(number(left).order(number(right)).signum() == expected)
        #expect(number(right).order(number(left)).signum() == -expected)
    }

    @Test(arguments: [
        ("0.0075", "0.0001", true), ("0.00751", "0.0001", false), ("1e308", "0.5", true), ("0.3", "0.1", true),
        ("9007199254740993", "3", true), ("9007199254740992", "3", false), ("0", "7", true), ("-21", "7", true),
        ("4.5", "1.5", true), ("35", "1.5", false), ("1e1000000000000", "999999999999999999", false),
        ("12391239123", "1e-8", true), ("7", "14", false), ("1e2", "1e3", false), ("10", "100", false),
    ]) func multiples(value: String, divisor: String, expected: Bool) throws {
        #expect(try #require(Divisor(number(divisor))).divides(number(value)) == expected)
    }

    @Test func multiplesOfRandomNumbers() throws {
        var random = SeededRandom.announced()
        for _ in 0..<2_000 {
            let divisor = Int64.random(in: 1...1_000_000, using: &random)
            let value = Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random)
            let decimals = Int.random(in: 0...6, using: &random)
            let found = try #require(Divisor(number("\(divisor)e-\(decimals)"))).divides(
                number("\(value)e-\(decimals)"))
            #expect(found == (value % divisor == 0), "\(value) / \(divisor)")
        }
    }

    @Test func divisorsThatAreRefused() {
        for text in ["0", "-1", "0.0", "1234567890123456789"] { #expect(Divisor(number(text)) == nil, "\(text)") }
    }
}

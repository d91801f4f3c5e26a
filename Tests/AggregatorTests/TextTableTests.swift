import Events
import Foundation
import Testing

@testable import Aggregator
@testable import StoreModels

/// Texts get numbers in order of arrival, by their bytes.
struct TextTableTests {
    @Test func numbersAreThoseOfADictionary() {
        var random = SeededRandom.announced()
        var (table, numbers) = (TextTable(), [ExactText: UInt32]())
        let pieces = ["", "a", "\u{E9}", "e\u{301}", "\0", "user-", "0123456789abcdef", "\u{1F600}"]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                pieces.randomElement(using: &random)!
            }.joined()
            let expected = numbers[ExactText(text)] ?? UInt32(numbers.count)
            numbers[ExactText(text)] = expected
            // Bridged texts do not lie in one piece.
            let given = Bool.random(using: &random) ? text : NSString(string: text) as String
            #expect(table.meet(given) == expected)
        }
        #expect(table.count == numbers.count && numbers.count > 1_000)
        for (text, number) in numbers { #expect(ExactText(table.text(number)) == text) }
    }
}

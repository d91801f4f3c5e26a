/// A regular expression that says whether it matches anywhere in a text, in time proportional to the text.
///
/// A position automaton (Glushkov, "The abstract theory of automata", 1961) run on all its states at once: there is
/// nothing to go back to, whatever the pattern. `^` and `$` are symbols before and after the text.
final class Pattern: Sendable {
    /// States at most; repetitions count as often as they may repeat.
    static let maximumSize = 1024

    /// Words of a set of states.
    private let width: Int
    /// Matches every text.
    private let isAlways: Bool
    private let first: [UInt64]
    private let last: [UInt64]
    private let follow: [UInt64]
    /// The states after the text's beginning.
    private let initial: [UInt64]
    /// For each ASCII character the states that take it.
    private let ascii: [UInt64]
    private let classes: [(set: CharacterClass, states: [UInt64])]
    private let ends: [UInt64]
    /// How often the end is to be taken: as often as there is a `$`.
    private let endCount: Int
    /// Whether a match can begin later than where the text begins.
    private let canBeginAnywhere: Bool

    init(_ text: String) throws(PatternError) {
        let syntax = try PatternParser.parse(text)
        guard syntax.size <= Self.maximumSize else {
            throw PatternError(reason: "too large: it may have \(Self.maximumSize) characters with repetitions counted")
        }
        var automaton = PositionAutomaton(width: max(1, (syntax.size + 63) / 64))
        let whole = automaton.build(syntax)
        guard !automaton.hasBeginAfterEnd else { throw PatternError(reason: "'^' after '$'") }
        width = automaton.width
        (first, last, follow) = (whole.first, whole.last, automaton.follow.flatMap(\.self))
        classes = automaton.classes.map { ($0.key, $0.value) }
        ends = automaton.ends
        endCount = automaton.ends.reduce(0) { $0 + $1.nonzeroBitCount }
        ascii = (0..<128).flatMap { byte in automaton.states(taking: Unicode.Scalar(UInt8(byte))) }
        let begun = automaton.afterBeginning(whole)
        (initial, isAlways) = (begun.states, whole.isNullable || begun.isAccepted)
        canBeginAnywhere = zip(whole.first, automaton.begins).contains { $0 & ~$1 != 0 }
    }
}

extension Pattern {
    /// Whether there is a match in a text of valid UTF-8.
    /// - Parameter steps: is lessened by the work done.
    func matches(_ text: UnsafeBufferPointer<UInt8>, steps: inout Int) -> Bool {
        if isAlways { return true }
        return width == 1 ? matchesNarrow(text, &steps) : matchesWide(text, &steps)
    }

    /// With at most 64 states: a set is one word.
    private func matchesNarrow(_ text: UnsafeBufferPointer<UInt8>, _ steps: inout Int) -> Bool {
        var (active, index, work) = (initial[0], 0, 0)
        defer { steps -= work >> 3 }
        let (first, last) = (first[0], last[0])
        func successors(_ states: UInt64) -> UInt64 {
            var (next, rest) = (first, states)
            while rest != 0 {
                next |= follow[rest.trailingZeroBitCount]
                rest &= rest &- 1
                work += 1
            }
            return next
        }
        while index < text.count {
            work += 1
            let byte = text[index]
            if byte < 0x80 {
                active = successors(active) & ascii[Int(byte)]
                index += 1
            } else {
                active = successors(active) & states(taking: decode(text, &index), word: 0)
            }
            if active & last != 0 { return true }
            if active == 0 && !canBeginAnywhere { return false }
        }
        for _ in 0..<endCount {
            active = successors(active) & ends[0]
            if active & last != 0 { return true }
        }
        return false
    }

    private func matchesWide(_ text: UnsafeBufferPointer<UInt8>, _ steps: inout Int) -> Bool {
        // Sixteen words of a set are about as much work as another step.
        var (active, index, work) = (initial, 0, 0)
        defer { steps -= work >> 4 }
        var isAllowed: Bool { steps > work >> 4 }
        func advance(_ allowed: (Int) -> UInt64) -> (isAccepted: Bool, isDead: Bool) {
            var (next, found) = (first, false)
            for word in 0..<width {
                var rest = active[word]
                while rest != 0 {
                    let state = word << 6 + rest.trailingZeroBitCount
                    for other in 0..<width { next[other] |= follow[state * width + other] }
                    rest &= rest &- 1
                    work += width
                }
            }
            var any: UInt64 = 0
            for word in 0..<width {
                next[word] &= allowed(word)
                any |= next[word]
                found = found || next[word] & last[word] != 0
            }
            work += width
            active = next
            return (found, any == 0)
        }
        while index < text.count, isAllowed {
            let byte = text[index]
            let outcome: (isAccepted: Bool, isDead: Bool)
            if byte < 0x80 {
                index += 1
                outcome = advance { ascii[Int(byte) * width + $0] }
            } else {
                let scalar = decode(text, &index)
                outcome = advance { states(taking: scalar, word: $0) }
            }
            if outcome.isAccepted { return true }
            if outcome.isDead && !canBeginAnywhere { return false }
        }
        for _ in 0..<endCount where isAllowed {
            if advance({ ends[$0] }).isAccepted { return true }
        }
        return false
    }

    private func states(taking scalar: Unicode.Scalar, word: Int) -> UInt64 {
        classes.reduce(0) { $1.set.contains(scalar) ? $0 | $1.states[word] : $0 }
    }

    /// Reads one scalar of more than a byte.
    private func decode(_ text: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Unicode.Scalar {
        let lead = text[index]
        let count = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        var value = UInt32(lead) & (0x7F >> UInt32(count))
        for offset in 1..<count { value = value << 6 | UInt32(text[index + offset] & 0x3F) }
        index += count
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }
}

/// A position automaton while it is built: each character of the pattern is a state that is entered by taking it.
struct PositionAutomaton {
    typealias States = [UInt64]

    /// What a part of a pattern can begin and end with.
    struct Part {
        var isNullable: Bool
        var first: States
        var last: States
    }

    let width: Int
    private(set) var follow: [States] = []
    /// The states that take a character of the class.
    private(set) var classes: [CharacterClass: States] = [:]
    /// The states of `^` and of `$`.
    private(set) var begins: States
    private(set) var ends: States
    private let none: States

    init(width: Int) {
        self.width = width
        none = States(repeating: 0, count: width)
        (begins, ends) = (none, none)
    }

    mutating func build(_ syntax: PatternSyntax) -> Part {
        switch syntax {
        case .empty: return Part(isNullable: true, first: none, last: none)
        case .one(let set):
            let own = newState()
            classes[set] = classes[set, default: none] | own
            return Part(isNullable: false, first: own, last: own)
        case .begin:
            let own = newState()
            begins = begins | own
            return Part(isNullable: false, first: own, last: own)
        case .end:
            let own = newState()
            ends = ends | own
            return Part(isNullable: false, first: own, last: own)
        case .sequence(let parts): return parts.dropFirst().reduce(build(parts[0])) { joined($0, build($1)) }
        case .alternatives(let parts):
            return parts.dropFirst().reduce(build(parts[0])) { left, syntax in
                let right = build(syntax)
                return Part(
                    isNullable: left.isNullable || right.isNullable, first: left.first | right.first,
                    last: left.last | right.last)
            }
        case .repeated(let part, let least, let most): return repeated(part, least, most)
        }
    }

    /// The set of one state, a new one.
    private mutating func newState() -> States {
        var own = none
        own[follow.count >> 6] |= 1 << UInt64(follow.count & 63)
        follow.append(none)
        return own
    }

    private mutating func joined(_ left: Part, _ right: Part) -> Part {
        link(left.last, right.first)
        return Part(
            isNullable: left.isNullable && right.isNullable,
            first: left.isNullable ? left.first | right.first : left.first,
            last: right.isNullable ? left.last | right.last : right.last)
    }

    private mutating func link(_ from: States, _ to: States) {
        for state in follow.indices where from.contains(state) { follow[state] = follow[state] | to }
    }

    private mutating func repeated(_ syntax: PatternSyntax, _ least: Int, _ most: Int?) -> Part {
        var result = Part(isNullable: true, first: none, last: none)
        for _ in 0..<least { result = joined(result, build(syntax)) }
        guard let most else {
            var loop = build(syntax)
            link(loop.last, loop.first)
            loop.isNullable = true
            return joined(result, loop)
        }
        // x(x(x)?)? rather than x?x?x?: then only one of them is under way at a time.
        var optional = Part(isNullable: true, first: none, last: none)
        for _ in least..<max(least, most) {
            optional = joined(build(syntax), optional)
            optional.isNullable = true
        }
        return joined(result, optional)
    }
}

extension PositionAutomaton {
    /// A `^` that could only be taken after a `$`: the symbols come in the other order.
    var hasBeginAfterEnd: Bool {
        follow.indices.contains { ends.contains($0) && zip(follow[$0], begins).contains { $0 & $1 != 0 } }
    }

    func states(taking scalar: Unicode.Scalar) -> States {
        classes.reduce(none) { $1.key.contains(scalar) ? $0 | $1.value : $0 }
    }

    /// The states after the text's beginning, taken as often as there is a `^`, and whether that is a match.
    func afterBeginning(_ whole: Part) -> (states: States, isAccepted: Bool) {
        var (active, isAccepted) = (none, false)
        for _ in 0..<begins.reduce(0, { $0 + $1.nonzeroBitCount }) {
            var next = whole.first
            for state in follow.indices where active.contains(state) { next = next | follow[state] }
            active = zip(next, begins).map { $0 & $1 }
            isAccepted = isAccepted || zip(active, whole.last).contains { $0 & $1 != 0 }
        }
        return (active, isAccepted)
    }
}

extension [UInt64] {
    fileprivate func contains(_ state: Int) -> Bool { self[state >> 6] >> UInt64(state & 63) & 1 == 1 }

    fileprivate static func | (left: [UInt64], right: [UInt64]) -> [UInt64] { zip(left, right).map { $0 | $1 } }
}

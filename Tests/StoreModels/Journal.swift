import Synchronization

/// What the models were asked to do, in order, and where they are to fail.
final class Journal: Sendable {
    /// When a call fails: with nothing done, half done, or done with the reply lost.
    enum Moment: Sendable, CaseIterable {
        case before
        case midway
        case after
    }

    private struct State {
        var calls: [String] = []
        var failures: [Int: Moment] = [:]
        var everyCall: Set<String> = []
    }

    private let state = Mutex(State())

    /// The names of the calls so far.
    var calls: [String] { state.withLock(\.calls) }

    /// Lets the call of that number, counted from 0, fail.
    func fail(call number: Int, _ moment: Moment) { state.withLock { $0.failures[number] = moment } }

    /// Lets every call of that name fail before it has done anything, until told otherwise.
    func failAlways(_ name: String, _ isFailing: Bool = true) {
        state.withLock { state in
            if isFailing { state.everyCall.insert(name) } else { state.everyCall.remove(name) }
        }
    }

    /// Notes a call and carries it out, unless it is to fail.
    /// - Parameter effect: told whether to do only half.
    func carryOut<Value>(_ call: String, failingWith error: any Error, _ effect: (Bool) throws -> Value) throws -> Value
    {
        let moment = state.withLock { state -> Moment? in
            state.calls.append(call)
            return state.everyCall.contains(call) ? .before : state.failures[state.calls.count - 1]
        }
        if moment == .before { throw error }
        let value = try effect(moment == .midway)
        if moment != nil { throw error }
        return value
    }
}

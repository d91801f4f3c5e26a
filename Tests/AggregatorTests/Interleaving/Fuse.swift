import Synchronization

/// Blows at one of the calls to come, as if the process were killed there: before it, or before the commit.
final class Fuse: Sendable {
    private let left = Mutex<Int?>(nil)
    private let effect: @Sendable () throws -> Void

    /// - Parameter effect: throws, or sees to it that the call does.
    init(_ effect: @escaping @Sendable () throws -> Void) { self.effect = effect }

    /// Sets it to blow at a call, counted from 0; `nil`: never.
    func set(_ call: Int?) { left.withLock { $0 = call } }

    /// One more call.
    func burn() throws {
        let isBlown = left.withLock { left in
            guard let rest = left else { return false }
            left = rest > 0 ? rest - 1 : nil
            return rest == 0
        }
        if isBlown { try effect() }
    }
}

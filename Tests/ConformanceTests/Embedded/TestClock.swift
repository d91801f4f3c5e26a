import Foundation
import Synchronization

/// A clock that a test moves: milliseconds since 1970.
final class TestClock: Sendable {
    private let time: Mutex<Int64>

    init(_ time: Int64) { self.time = Mutex(time) }

    @Sendable func now() -> Int64 { time.withLock { $0 } }

    func advance(by milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}

/// How much more often properties are tried in `make test-long`.
let longFactor = ProcessInfo.processInfo.environment["TRIBUTARY_TEST_LONG"] == nil ? 1 : 20

import GRDB
import Stores
import Synchronization

/// What a reader's or a transaction's body was lent; it ends with the body, also for a copy that has escaped.
final class Lease<Thing: Sendable>: Sendable {
    private let thing: Mutex<Thing?>
    private let what: String

    init(_ thing: Thing, _ what: String) {
        self.thing = Mutex(thing)
        self.what = what
    }

    /// - Throws: `.closed` when the body has ended.
    func get() throws -> Thing {
        guard let thing = thing.withLock({ $0 }) else {
            throw Stores.DatabaseError(.closed, store: "embedded", "\(what) is over")
        }
        return thing
    }

    func end() { thing.withLock { $0 = nil } }
}

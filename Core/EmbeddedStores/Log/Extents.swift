import Stores
import Synchronization

/// The extents of all partitions in memory, and who waits for them to grow.
final class Extents: Sendable {
    /// A partition of a topic.
    struct Place: Hashable, Sendable {
        var topic: Int64
        var partition: Int32
    }

    private struct State {
        var extents: [Place: Watermarks] = [:]
        var incarnation = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    func load(_ extents: [Place: Watermarks]) {
        state.withLock { $0.extents.merge(extents) { $1 } }
    }

    /// Takes the extents of another log in place of this one's.
    func replace(with extents: [Place: Watermarks]) {
        state.withLock { state in
            state.extents = extents
            state.incarnation += 1
        }
        wakeAll()
    }

    /// Grows when the log became another one: positions from before say nothing then.
    var incarnation: Int { state.withLock { $0.incarnation } }

    subscript(place: Place) -> Watermarks? { state.withLock { $0.extents[place] } }

    /// The ends of a topic's partitions, in order.
    func ends(of topic: Int64, partitions: Int) -> [Int64] {
        state.withLock { state in
            (0..<Int32(partitions)).map { state.extents[Place(topic: topic, partition: $0)]?.high ?? 0 }
        }
    }

    /// Notes new ends, and wakes who waits.
    func raise(_ ends: [(Place, Int64)]) {
        state.withLock { state in
            for (place, end) in ends { state.extents[place]?.high = end }
        }
        wakeAll()
    }

    /// Notes a new first offset.
    func raiseLow(_ place: Place, to low: Int64) {
        state.withLock { $0.extents[place]?.low = low }
    }

    /// Wakes who waits, for other news than records.
    func wakeAll() {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until there may be news, at most for `limit`. `hasNews` is asked after the wait is in place, so that
    /// nothing is missed between looking and waiting.
    func wait(atMost limit: Duration, hasNews: @escaping @Sendable () -> Bool) async {
        let number = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.suspend(number, hasNews) }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            self.wake(number)
            group.cancelAll()
        }
    }

    private func suspend(_ number: Int, _ hasNews: @escaping @Sendable () -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiting[number] = continuation }
                if hasNews() || Task.isCancelled { wake(number) }
            }
        } onCancel: {
            wake(number)
        }
    }

    private func wake(_ number: Int) {
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
    }
}

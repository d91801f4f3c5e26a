import Stores
import Synchronization

/// Reads the rollups' state for many requests at once.
///
/// A request gets what was read by a read that began after it came, so no answer is staler than if each had read for
/// itself. One read is under way at a time: who comes meanwhile waits for the next, which one of those who wait
/// carries out for all of them.
final class StateReads: Sendable {
    private typealias Waiter = CheckedContinuation<Turn, Never>

    private enum Turn: Sendable {
        /// Read for all who wait.
        case lead
        /// Somebody has read.
        case done(Result<RollupState, any Error>)
    }

    private struct Queue: Sendable {
        var isReading = false
        var waiters: [Waiter] = []
    }

    private let read: @Sendable () async throws -> RollupState
    private let queue = Mutex(Queue())

    /// - Parameter read: one read of the state.
    init(_ read: @escaping @Sendable () async throws -> RollupState) { self.read = read }

    /// The state as it is now, or later.
    func current() async throws -> RollupState {
        while true {
            switch await turn() {
            case .done(.failure(is CancellationError)): try Task.checkCancellation()  // The leader's, not ours.
            case .done(let result): return try result.get()
            case .lead: return try await lead()
            }
        }
    }

    private func turn() async -> Turn {
        await withCheckedContinuation { waiter in
            let leads = queue.withLock { queue in
                if queue.isReading { queue.waiters.append(waiter) }
                defer { queue.isReading = true }
                return !queue.isReading
            }
            if leads { waiter.resume(returning: .lead) }
        }
    }

    private func lead() async throws -> RollupState {
        let followers = queue.withLock { queue in
            defer { queue.waiters = [] }
            return queue.waiters
        }
        let result: Result<RollupState, any Error>
        do { result = .success(try await read()) } catch { result = .failure(error) }
        let next = queue.withLock { queue -> Waiter? in
            queue.isReading = !queue.waiters.isEmpty
            return queue.waiters.isEmpty ? nil : queue.waiters.removeFirst()
        }
        next?.resume(returning: .lead)
        for follower in followers { follower.resume(returning: .done(result)) }
        return try result.get()
    }
}

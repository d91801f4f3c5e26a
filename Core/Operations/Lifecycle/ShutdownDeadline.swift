import Dispatch
import Glibc
import Logging
import Synchronization

/// Ends the process when its shutdown takes too long.
///
/// On a thread of Dispatch, not of the cooperative pool: what hangs there must not keep this from running.
final class ShutdownDeadline: Sendable {
    private let limit: Duration
    private let logger: Logger
    private let isStarted = Atomic(false)
    private let isOver = Atomic(false)

    init(after limit: Duration, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    /// Begins to count; only the first call does.
    func start() {
        guard !isStarted.exchange(true, ordering: .relaxed) else { return }
        let (logger, limit) = (logger, limit)
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(limit.nanoseconds))) { [weak self] in
            guard let self, !self.isOver.load(ordering: .acquiring) else { return }
            logger.critical("shutdown took too long, ending now", metadata: ["limit": "\(limit)"])
            _exit(1)
        }
    }

    /// Everything has ended in time.
    func cancel() { isOver.store(true, ordering: .releasing) }
}

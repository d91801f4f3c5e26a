import Foundation

/// A serial executor on a thread of its own, for C calls that wait.
///
/// The cooperative pool has one thread a core; a call that waits on a socket there stalls the whole process. An
/// actor whose `unownedExecutor` is a `DedicatedThread` may wait as long as it likes. Jobs run in order of
/// arrival; the thread ends when the executor is released and its queue is empty.
public final class DedicatedThread: SerialExecutor {
    private let queue: JobQueue

    /// Starts a thread. The name shows in debuggers and `top -H` (15 bytes on Linux).
    public init(name: String) {
        let queue = JobQueue()
        self.queue = queue
        startThread(named: name) { queue.run() }
    }

    deinit { queue.finish() }

    /// Adds a job to the thread's queue.
    public func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        // The closure keeps `self` alive until the job has run: an executor may not vanish beneath its job.
        queue.add { [self] in
            withExtendedLifetime(self) { unowned.runSynchronously(on: executor) }
        }
    }
}

/// Work for one thread, first in, first out.
private final class JobQueue: @unchecked Sendable {  // its variables are touched under `condition` only
    private let condition = NSCondition()
    private var jobs: [@Sendable () -> Void] = []
    private var finished = false

    func add(_ job: @escaping @Sendable () -> Void) {
        condition.withLock {
            jobs.append(job)
            condition.signal()
        }
    }

    func finish() {
        condition.withLock {
            finished = true
            condition.signal()
        }
    }

    func run() {
        while let jobs = take() {
            for job in jobs { job() }
        }
    }

    /// All waiting jobs; `nil` when there will be no more.
    private func take() -> [@Sendable () -> Void]? {
        condition.withLock {
            while jobs.isEmpty && !finished { condition.wait() }
            defer { jobs = [] }
            return jobs.isEmpty ? nil : jobs
        }
    }
}

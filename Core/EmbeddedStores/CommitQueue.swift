import Foundation
import GRDB

/// How much of a writer's queue a piece of work takes.
struct WorkSize {
    var records = 0
    var bytes = 0

    static func + (left: WorkSize, right: WorkSize) -> WorkSize {
        WorkSize(records: left.records + right.records, bytes: left.bytes + right.bytes)
    }

    static func - (left: WorkSize, right: WorkSize) -> WorkSize {
        WorkSize(records: left.records - right.records, bytes: left.bytes - right.bytes)
    }

    /// Whether neither exceeds what is allowed.
    func fits(in limit: WorkSize) -> Bool { records <= limit.records && bytes <= limit.bytes }
}

/// What somebody waits for: statements of a transaction, and whom to tell.
struct PendingWork<State> {
    var size: WorkSize
    var run: (Database, State) throws -> Void
    var finish: (Result<Void, any Error>) -> Void
}

/// Work for one writer, first in, first out, bounded by records and by bytes.
final class CommitQueue<State>: @unchecked Sendable {  // its variables are touched under `condition` only
    private let condition = NSCondition()
    private let limit: WorkSize
    private var waiting: [PendingWork<State>] = []
    private var size = WorkSize()
    private var isClosed = false

    init(limit: WorkSize) { self.limit = limit }

    /// Adds work unless the queue is full or closed. Work larger than the whole queue is let into an empty one: it
    /// could never pass otherwise.
    /// - Returns: what waits now; `nil` where the work was not taken.
    func add(_ work: PendingWork<State>) -> WorkSize? {
        condition.withLock {
            guard !isClosed, waiting.isEmpty || (size + work.size).fits(in: limit) else { return nil }
            waiting.append(work)
            size = size + work.size
            condition.signal()
            return size
        }
    }

    /// What waits now.
    var waitingSize: WorkSize { condition.withLock { size } }

    /// Waits for work and takes all of it.
    /// - Returns: nothing when `limit`, in seconds, is over; `nil` when the queue is closed and empty.
    func take(atMost limit: TimeInterval?) -> [PendingWork<State>]? {
        condition.withLock {
            let deadline = limit.map { Date(timeIntervalSinceNow: $0) }
            while waiting.isEmpty && !isClosed {
                guard let deadline else { condition.wait(); continue }
                guard condition.wait(until: deadline) else { return [] }
            }
            defer { (waiting, size) = ([], WorkSize()) }
            return waiting.isEmpty ? nil : waiting
        }
    }

    /// Takes no more work; what waits is still handed out.
    func close() {
        condition.withLock {
            isClosed = true
            condition.signal()
        }
    }
}

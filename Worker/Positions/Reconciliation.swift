import Events
import Stores

/// What comparing a partition's log with its progress says. Pure.
enum Reconciliation: Sendable, Equatable {
    /// Go on at `next`.
    case proceed
    /// Never seen: begin the first epoch at the log's start.
    case begin(first: Int64)
    /// The log was made anew: begin a new epoch at its start.
    case recreated(first: Int64)
    /// The log dropped records before they were processed: count them as lost, go on at its start.
    case lost(upTo: Int64)

    /// Compares.
    /// - Parameters:
    ///   - progress: the latest epoch's; `nil` for a partition never seen.
    ///   - log: what the log holds now.
    ///   - last: the digest of the record at `next − 1` now; `nil` where there is none.
    static func compare(_ progress: IngestProgress?, _ log: Watermarks, last: Digest128?) -> Reconciliation {
        guard let progress else { return .begin(first: log.low) }
        if log.high < progress.next { return .recreated(first: log.low) }
        if let last, let known = progress.lastHash, last != known { return .recreated(first: log.low) }
        if log.low > progress.next { return .lost(upTo: log.low) }
        return .proceed
    }
}
